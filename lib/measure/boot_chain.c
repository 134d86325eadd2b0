/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs boot: UEFI 2.10, 3.5.1.1 (the removable path), and shim's second stage beside it
 * (shim, shim.c: start_image(), should_use_fallback()). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "measure/predict.h"

#define FOLDER "/EFI/BOOT"

static const struct chain_names {
    const char *first;
    const char *second;
    const char *fallback;
} architectures[] = {
    {FOLDER "/BOOTX64.EFI", FOLDER "/grubx64.efi", FOLDER "/fbx64.efi"},
    {FOLDER "/BOOTAA64.EFI", FOLDER "/grubaa64.efi", FOLDER "/fbaa64.efi"},
};

/* shim 15.6 to 16.1, shim.c: load_unbundled_trust() and load_shim_options(), in one version or
 * another. Names are compared without case, the first by its beginning. */
static const char shim_certificates[] = "shim_certificate";
static const char *const shim_extras[] = {"revocations.efi", "revocations_sbat.efi",
                                          "revocations_sku.efi", "options.csv"};

void boot_chain_drop(struct boot_chain *chain)
{
    boot_program_free(chain->programs[0]);
    boot_program_free(chain->programs[1]);
    chain->programs[0] = chain->programs[1] = NULL;
}

static bool is_there(struct boot_files *files, size_t esp, const char *path, bool *there,
                     struct error *err)
{
    enum boot_file_kind kind;

    if (!boot_files_lookup(files, esp, path, &kind, NULL, err))
        return false;
    *there = kind == BOOT_FILE_REGULAR;
    return true;
}

static bool find_names(struct boot_files *files, size_t esp, const struct chain_names **names,
                       struct error *err)
{
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
        bool there;
        if (!is_there(files, esp, architectures[i].first, &there, err))
            return false;
        if (there) {
            *names = &architectures[i];
            return true;
        }
    }
    return error_set(err, COLDSEAL_UNSUPPORTED, "nothing to boot at %s on the ESP",
                     architectures[0].first);
}

static struct boot_program *read_program(struct boot_files *files,
                                         const struct boot_program_source *programs, size_t esp,
                                         const char *path, enum boot_program_role role,
                                         struct error *err)
{
    struct boot_program *program = programs->read(programs->context, files, esp, path, role, err);

    if (program == NULL)
        error_wrap(err, "%s", path);
    return program;
}

struct extra {
    char name[64]; /* "" where there is none */
};

static bool find_extra(void *context, const char *name)
{
    struct extra *extra = context;
    bool found = strncasecmp(name, shim_certificates, strlen(shim_certificates)) == 0;

    for (size_t i = 0; !found && i < sizeof(shim_extras) / sizeof(shim_extras[0]); i++)
        found = strcasecmp(name, shim_extras[i]) == 0;
    if (found)
        snprintf(extra->name, sizeof(extra->name), "%s", name);
    return !found;
}

/* More keys, a higher SbatLevel, another second stage: what such a file does depends on the
 * build. */
static bool check_extras(struct boot_files *files, size_t esp, struct error *err)
{
    struct extra extra = {""};

    return boot_files_list(files, esp, FOLDER, find_extra, &extra, err) &&
           (extra.name[0] == '\0' ||
            error_set(err, COLDSEAL_UNSUPPORTED,
                      FOLDER "/%s: shim may load it, which is not predicted: remove it",
                      extra.name));
}

static bool find_second(struct boot_files *files, const struct boot_program_source *programs,
                        const struct chain_names *names, struct boot_chain *chain,
                        struct error *err)
{
    bool fallback, there;

    if (!is_there(files, chain->esp, names->fallback, &fallback, err) ||
        !is_there(files, chain->esp, names->second, &there, err))
        return false;
    if (fallback)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "%s makes boot entries and resets the machine, so that no boot is like "
                         "the first (coldseal prepare removes it)",
                         names->fallback);
    if (!check_extras(files, chain->esp, err))
        return false;
    if (!there)
        return error_set(err, COLDSEAL_TPM, "shim finds no %s to start", names->second);
    snprintf(chain->second, sizeof(chain->second), "%s", names->second);
    chain->programs[1] =
        read_program(files, programs, chain->esp, names->second, BOOT_PROGRAM_SECOND, err);
    if (chain->programs[1] == NULL)
        return false;
    chain->chain = chain->programs[1]->uki != NULL ? PREDICTION_SHIM_UKI : PREDICTION_SHIM_GRUB;
    return true;
}

bool boot_chain_find(struct boot_files *files, const struct boot_program_source *programs,
                     struct boot_chain *chain, struct error *err)
{
    const struct chain_names *names = NULL;

    *chain = (struct boot_chain){0};
    if (!boot_files_esp(files, &chain->esp))
        return error_set(err, COLDSEAL_UNSUPPORTED, "there is no ESP");
    if (!find_names(files, chain->esp, &names, err))
        return false;
    snprintf(chain->first, sizeof(chain->first), "%s", names->first);
    chain->programs[0] =
        read_program(files, programs, chain->esp, names->first, BOOT_PROGRAM_FIRST, err);
    if (chain->programs[0] == NULL)
        return false;
    if (chain->programs[0]->shim != NULL)
        return find_second(files, programs, names, chain, err);
    chain->chain = PREDICTION_UKI;
    return true;
}
