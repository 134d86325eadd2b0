/* SPDX-License-Identifier: Apache-2.0 */
/* A FAT volume that begins with the input: every file that a bounded walk finds is read and
 * patched, and what was patched reads back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/grub.h"
#include "core/checked.h"
#include "fuzz.h"
#include "image/open.h"

#define VOLUME_BYTES ((uint64_t)3 << 20)
#define DEPTH_LIMIT 3
#define VISIT_LIMIT 40
#define FILE_LIMIT_BYTES ((size_t)64 << 10)

struct walk {
    struct fat *fat;
    const char *path;
    unsigned depth;
    unsigned *visits;
};

static void walk_folder(const struct walk *walk);

static void patch_file(struct fat *fat, const char *path, size_t size)
{
    struct error err = {0};
    size_t at = size / 2;

    if (!fat_patch_file(fat, path, at, "\xa5", 1, &err))
        return;
    OWNED(bytes) bytes = fat_read_file(fat, path, FILE_LIMIT_BYTES, &err);
    /* The byte may have been the table's or the folder's own: then anything may come. */
    if (bytes != NULL && bytes->size > size)
        (void)bytes->data[size];
}

static void read_file(struct fat *fat, const char *path)
{
    struct error err = {0};
    OWNED(bytes) bytes = fat_read_file(fat, path, FILE_LIMIT_BYTES, &err);

    if (bytes != NULL && bytes->size > 0)
        patch_file(fat, path, bytes->size);
}

static bool visit(void *context, const struct fat_entry *entry)
{
    const struct walk *walk = context;
    char path[4096];

    if (++*walk->visits > VISIT_LIMIT)
        return false;
    if (strchr(entry->name, '/') != NULL || entry->name[0] == '\0')
        abort();
    snprintf(path, sizeof(path), "%s/%s", walk->path, entry->name);
    if (!entry->is_directory)
        read_file(walk->fat, path);
    else if (walk->depth < DEPTH_LIMIT)
        walk_folder(&(struct walk){walk->fat, path, walk->depth + 1, walk->visits});
    return true;
}

static void walk_folder(const struct walk *walk)
{
    struct error err = {0};

    fat_list(walk->fat, walk->path, visit, (void *)walk, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct esp_files files;
    unsigned visits = 0;
    OWNED(disk) disk = memory_disk_new(VOLUME_BYTES, &err);

    if (disk == NULL)
        return 0;
    if (!disk_pwrite(disk, data, (size_t)min_u64(size, VOLUME_BYTES), 0, &err))
        abort();
    OWNED(fat) fat = fat_open(disk, 0, VOLUME_BYTES, &err);
    if (fat == NULL)
        return 0;
    esp_find_files(fat, &files, &err);
    walk_folder(&(struct walk){fat, "", 0, &visits});
    return 0;
}
