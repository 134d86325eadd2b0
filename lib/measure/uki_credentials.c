/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/uki_credentials.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "boot/cpio.h"

#define NAME_LIMIT_BYTES 256
#define FOLDER_MODE 0500u
#define FILE_MODE 0400u

struct names {
    size_t count;
    bool too_many;
    char other[NAME_LIMIT_BYTES]; /* something that is not predicted; "" */
    char items[UKI_CREDENTIAL_LIMIT][NAME_LIMIT_BYTES];
};

static void names_free(struct names *names)
{
    free(names);
}
DEFINE_OWNED(names);

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t suffix_length = strlen(suffix);

    return length >= suffix_length && strcasecmp(name + length - suffix_length, suffix) == 0;
}

/* is_ascii(), and names that Linux takes */
static bool is_taken(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c > 0x7f)
            return false;
    }
    return name[0] != '.' && strlen(name) < NAME_LIMIT_BYTES;
}

static bool collect(void *context, const char *name)
{
    struct names *names = context;

    if (!is_taken(name))
        return true;
    if (ends_in(name, ".addon.efi") || ends_in(name, ".raw"))
        snprintf(names->other, sizeof(names->other), "%s", name);
    if (!ends_in(name, ".cred"))
        return true;
    names->too_many = names->count == UKI_CREDENTIAL_LIMIT;
    if (!names->too_many)
        snprintf(names->items[names->count++], NAME_LIMIT_BYTES, "%s", name);
    return !names->too_many;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool list_folder(struct boot_files *files, size_t volume, const char *folder,
                        struct names *names, struct error *err)
{
    if (!boot_files_list(files, volume, folder, collect, names, err))
        return false;
    if (names->other[0] != '\0')
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "%s/%s: the stub measures it, which is not predicted", folder,
                         names->other);
    if (names->too_many)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: more than %d credentials", folder,
                         UKI_CREDENTIAL_LIMIT);
    qsort(names->items, names->count, sizeof(names->items[0]), compare);
    return true;
}

/* Opens the archive for the first one. */
static bool add_file(struct boot_files *files, size_t volume, const char *path, const char *name,
                     const char *target, struct cpio **cpio, struct error *err)
{
    enum boot_file_kind kind;

    if (!boot_files_lookup(files, volume, path, &kind, NULL, err))
        return false;
    if (kind != BOOT_FILE_REGULAR)
        return true;
    OWNED(bytes) content = boot_files_read(files, volume, path, UKI_CREDENTIAL_LIMIT_BYTES, err);
    if (content == NULL)
        return false;
    if (*cpio == NULL)
        *cpio = cpio_new(target, FOLDER_MODE, err);
    return *cpio != NULL && cpio_add(*cpio, name, FILE_MODE, content->data, content->size, err);
}

bool uki_credentials_archive(struct boot_files *files, size_t volume, const char *folder,
                             const char *target, struct bytes **archive, struct error *err)
{
    OWNED(names) names = calloc(1, sizeof(*names));
    OWNED(cpio) cpio = NULL;
    enum boot_file_kind kind;

    *archive = NULL;
    if (names == NULL)
        return error_no_memory(err);
    if (!boot_files_lookup(files, volume, folder, &kind, NULL, err))
        return false;
    if (kind == BOOT_FILE_DIRECTORY && !list_folder(files, volume, folder, names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        char path[BOOT_PATH_LIMIT_BYTES];
        if (snprintf(path, sizeof(path), "%s/%s", folder, names->items[i]) >= (int)sizeof(path))
            return error_set(err, COLDSEAL_BAD_IMAGE, "%s: a path that is too long", folder);
        if (!add_file(files, volume, path, names->items[i], target, &cpio, err))
            return false;
    }
    if (cpio == NULL)
        return true;
    *archive = cpio_finish(cpio, err);
    return *archive != NULL;
}
