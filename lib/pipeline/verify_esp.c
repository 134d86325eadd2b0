/* SPDX-License-Identifier: Apache-2.0 */
/* verify: what is on the ESP beside the chain that boots. */
#include "pipeline/verify_esp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ENTRY_LIMIT 4096
#define DEPTH_LIMIT 8
#define NAMES_LIMIT 512
#define PATH_BYTES 1024

struct walk {
    struct boot_files *files;
    size_t esp;
    const struct esp_files *chain;
    unsigned entries;
    unsigned rivals;
    char rival[PATH_BYTES]; /* the first of them */
    const char *rival_why;
};

/* Names of one folder: what is done with each may list another. */
struct names {
    size_t count;
    bool failed;
    char *items[NAMES_LIMIT];
};

static void names_drop(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
}

static bool collect(void *context, const char *name)
{
    struct names *names = context;
    char *copy = names->count == NAMES_LIMIT ? NULL : strdup(name);

    names->failed = copy == NULL;
    if (copy != NULL)
        names->items[names->count++] = copy;
    return copy != NULL;
}

static void note_rival(struct walk *walk, const char *path, const char *why)
{
    if (walk->rivals++ > 0)
        return;
    snprintf(walk->rival, sizeof(walk->rival), "%s", path);
    walk->rival_why = why;
}

static const char *last_name(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void look_at_file(struct walk *walk, const char *path)
{
    static const char *const fallbacks[] = {"/EFI/BOOT/fbx64.efi", "/EFI/BOOT/fbaa64.efi"};

    if (strcasecmp(last_name(path), "grub.cfg") == 0 &&
        strcasecmp(path, walk->chain->grub_cfg) != 0)
        note_rival(walk, path, "a configuration that another GRUB, or another prefix, would take");
    for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
        if (strcasecmp(path, fallbacks[i]) == 0)
            note_rival(walk, path, "shim starts it before GRUB: it adds boot options and resets");
    }
}

/* A prefix with a folder of modules makes GRUB open lists and modules from there. */
static void look_at_folder(struct walk *walk, const char *path)
{
    const char *cfg = walk->chain->grub_cfg;
    size_t prefix = cfg[0] == '\0' ? 0 : (size_t)(last_name(cfg) - cfg);

    if (prefix == 0 || strncasecmp(path, cfg, prefix) != 0)
        return;
    if (strcasecmp(path + prefix, "x86_64-efi") == 0 || strcasecmp(path + prefix, "arm64-efi") == 0)
        note_rival(walk, path, "GRUB opens lists and modules in it");
}

static bool walk_folder(struct walk *walk, const char *path, unsigned depth, struct error *err);

static bool walk_entry(struct walk *walk, const char *folder, const char *name, unsigned depth,
                       struct error *err)
{
    char path[PATH_BYTES];
    enum boot_file_kind kind;
    bool is_root = folder[1] == '\0';

    if (++walk->entries > ENTRY_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the ESP has more than %d files", ENTRY_LIMIT);
    if (snprintf(path, sizeof(path), "%s/%s", is_root ? "" : folder, name) >= (int)sizeof(path))
        return error_set(err, COLDSEAL_UNSUPPORTED, "the ESP has a path of more than %d bytes",
                         PATH_BYTES);
    if (!boot_files_lookup(walk->files, walk->esp, path, &kind, NULL, err))
        return false;
    if (kind == BOOT_FILE_REGULAR)
        look_at_file(walk, path);
    if (kind != BOOT_FILE_DIRECTORY)
        return true;
    look_at_folder(walk, path);
    return walk_folder(walk, path, depth + 1, err);
}

static bool walk_folder(struct walk *walk, const char *path, unsigned depth, struct error *err)
{
    __attribute__((cleanup(names_drop))) struct names names = {0};

    if (depth > DEPTH_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the ESP has folders %d deep", DEPTH_LIMIT);
    if (!boot_files_list(walk->files, walk->esp, path, collect, &names, err))
        return false;
    if (names.failed)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s on the ESP has more than %d files", path,
                         NAMES_LIMIT);
    for (size_t i = 0; i < names.count; i++) {
        if (!walk_entry(walk, path, names.items[i], depth, err))
            return false;
    }
    return true;
}

bool verify_esp(struct verification *work, struct boot_files *files, size_t esp, struct error *err)
{
    struct walk walk = {.files = files, .esp = esp, .chain = &work->side.files};

    if (!walk_folder(&walk, "/", 0, err))
        return false;
    if (walk.rivals > 0)
        return checks_failed(&work->checks, "boot-side", err, "%s on the ESP: %s%s", walk.rival,
                             walk.rival_why, walk.rivals > 1 ? " (and more of the kind)" : "");
    return checks_ok(&work->checks, "boot-side", err,
                     "%u files on the ESP, one configuration, no fallback, no modules",
                     walk.entries);
}
