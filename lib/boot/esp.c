/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "boot/grub.h"

#define GRUB_IMAGE_LIMIT_BYTES ((size_t)32 << 20)
#define VENDOR_LIMIT 16
#define EFI_DIR "/EFI"
#define BOOT_DIR "/EFI/BOOT"

/* File names by architecture: UEFI 2.10, 3.5.1.1, and shim's own (shim, Makefile). */
struct esp_names {
    const char *removable;
    const char *shim;
    const char *grub;
    const char *fallback;
};
static const struct esp_names architectures[] = {
    {"BOOTX64.EFI", "shimx64.efi", "grubx64.efi", "fbx64.efi"},
    {"BOOTAA64.EFI", "shimaa64.efi", "grubaa64.efi", "fbaa64.efi"},
};

static bool exists(struct fat *esp, const char *dir, const char *name, bool *found,
                   struct error *err)
{
    char path[256];
    struct fat_entry entry;

    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
        return *found = false, true;
    if (!fat_lookup(esp, path, &entry, found, err))
        return false;
    *found = *found && !entry.is_directory;
    return true;
}

/* What the firmware starts decides the architecture. */
static bool find_shim(struct fat *esp, const struct esp_names **names, struct esp_files *files,
                      struct error *err)
{
    *names = NULL;
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
        bool found;
        if (!exists(esp, BOOT_DIR, architectures[i].removable, &found, err))
            return false;
        if (!found)
            continue;
        *names = &architectures[i];
        snprintf(files->shim, sizeof(files->shim), BOOT_DIR "/%s", architectures[i].removable);
        return true;
    }
    return true;
}

struct vendor_dirs {
    size_t count;
    bool too_many;
    char paths[VENDOR_LIMIT][96];
};

static bool collect_dir(void *context, const struct fat_entry *entry)
{
    struct vendor_dirs *dirs = context;

    if (!entry->is_directory || strcasecmp(entry->name, "BOOT") == 0)
        return true;
    dirs->too_many = dirs->count == VENDOR_LIMIT;
    if (dirs->too_many)
        return false;
    /* A longer name than any vendor's has is not theirs. */
    if (snprintf(dirs->paths[dirs->count], sizeof(dirs->paths[0]), EFI_DIR "/%s", entry->name) <
        (int)sizeof(dirs->paths[0]))
        dirs->count++;
    return true;
}

/* Keeps the folders that hold a shim and a GRUB. */
static bool keep_vendors(struct fat *esp, const struct esp_names *names, struct vendor_dirs *dirs,
                         struct error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < dirs->count; i++) {
        bool shim;
        bool grub;
        if (!exists(esp, dirs->paths[i], names->shim, &shim, err) ||
            !exists(esp, dirs->paths[i], names->grub, &grub, err))
            return false;
        if (shim && grub)
            memmove(dirs->paths[kept++], dirs->paths[i], sizeof(dirs->paths[0]));
    }
    dirs->count = kept;
    return true;
}

static bool find_vendors(struct fat *esp, const struct esp_names *names, struct vendor_dirs *dirs,
                         struct error *err)
{
    struct fat_entry entry;
    bool found;

    memset(dirs, 0, sizeof(*dirs));
    if (!fat_lookup(esp, EFI_DIR, &entry, &found, err))
        return false;
    if (!found || !entry.is_directory)
        return true;
    if (!fat_list(esp, EFI_DIR, collect_dir, dirs, err))
        return false;
    if (dirs->too_many)
        return error_set(err, COLDSEAL_UNSUPPORTED, "more than %d folders in " EFI_DIR,
                         VENDOR_LIMIT);
    return keep_vendors(esp, names, dirs, err);
}

/* The folder that a GRUB's prefix names, else the only one. */
static void choose_vendor(const struct vendor_dirs *dirs, const char *prefix,
                          struct esp_files *files)
{
    const char *chosen = dirs->count == 1 ? dirs->paths[0] : NULL;

    for (size_t i = 0; i < dirs->count && prefix != NULL; i++) {
        if (strcasecmp(dirs->paths[i], prefix) == 0)
            chosen = dirs->paths[i];
    }
    if (chosen != NULL)
        snprintf(files->vendor_dir, sizeof(files->vendor_dir), "%s", chosen);
}

static char *read_prefix(struct fat *esp, const char *path, struct error *err)
{
    OWNED(bytes) image = fat_read_file(esp, path, GRUB_IMAGE_LIMIT_BYTES, err);
    char *prefix = image == NULL ? NULL : grub_image_prefix(image, err);

    if (prefix == NULL)
        error_wrap(err, "%s", path);
    return prefix;
}

/* A prefix without a device is on the device that GRUB was loaded from: the ESP. */
static bool settle_grub_cfg(const char *prefix, struct esp_files *files, struct error *err)
{
    if (prefix[0] != '/')
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "%s reads its configuration from %s, not from the ESP", files->grub,
                         prefix);
    size_t length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/')
        length--;
    if (length + sizeof("/grub.cfg") > sizeof(files->grub_cfg))
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: its prefix is too long", files->grub);
    snprintf(files->grub_cfg, sizeof(files->grub_cfg), "%.*s/grub.cfg", (int)length, prefix);
    return true;
}

/* With the fallback program beside it, shim on the removable path starts that, which makes a boot
 * entry for the vendor's folder: then the GRUB there counts (shim, shim.c should_use_fallback()).
 */
static bool choose_grub(struct fat *esp, const struct esp_names *names, struct esp_files *files,
                        struct error *err)
{
    bool beside;

    if (!exists(esp, BOOT_DIR, names->grub, &beside, err))
        return false;
    bool vendor = files->vendor_dir[0] != '\0' && (files->has_fallback || !beside);
    if (vendor)
        snprintf(files->grub, sizeof(files->grub), "%s/%s", files->vendor_dir, names->grub);
    else if (beside)
        snprintf(files->grub, sizeof(files->grub), BOOT_DIR "/%s", names->grub);
    return true;
}

static bool find_grub(struct fat *esp, const struct esp_names *names, struct esp_files *files,
                      struct error *err)
{
    struct vendor_dirs dirs;

    if (!find_vendors(esp, names, &dirs, err))
        return false;
    choose_vendor(&dirs, NULL, files);
    if (!choose_grub(esp, names, files, err))
        return false;
    if (dirs.count > 1 && (files->grub[0] == '\0' || files->has_fallback))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "several folders of the ESP hold a shim and a GRUB (%s, %s): which of "
                         "them boots is not decided by what is on the disk",
                         dirs.paths[0], dirs.paths[1]);
    if (files->grub[0] == '\0')
        return true;
    OWNED_PTR(char) prefix = read_prefix(esp, files->grub, err);
    if (prefix == NULL || !settle_grub_cfg(prefix, files, err))
        return false;
    choose_vendor(&dirs, prefix, files);
    return true;
}

bool esp_find_files(struct fat *esp, struct esp_files *files, struct error *err)
{
    const struct esp_names *names;

    memset(files, 0, sizeof(*files));
    if (!find_shim(esp, &names, files, err))
        return false;
    if (names == NULL)
        return true;
    return exists(esp, BOOT_DIR, names->fallback, &files->has_fallback, err) &&
           find_grub(esp, names, files, err);
}
