/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of FAT volumes. Private to boot/. FAT specification 1.03, clause 6. */
#ifndef BOOT_FAT_DIR_H
#define BOOT_FAT_DIR_H

#include "boot/fat_name.h"
#include "boot/fat_volume.h"

struct fat_item {
    struct fat_entry entry;
    char short_name[FAT_SHORT_TEXT_BYTES];
};

/* All bytes of a directory; first_cluster 0 is the root. The caller frees them. */
struct bytes *fat_directory_read(struct fat *fat, uint32_t first_cluster, struct error *err);

/* Goes through those bytes: the next file or directory, neither "." nor ".." nor a volume label.
 * False at the end. */
struct fat_directory_walk {
    const struct fat *fat;
    const struct bytes *directory;
    size_t position;
    struct fat_long_name long_name;
};
bool fat_directory_next(struct fat_directory_walk *walk, struct fat_item *item);

/* As fat_lookup, in one directory. Two entries that both answer to the name: COLDSEAL_BAD_IMAGE. */
bool fat_directory_find(const struct fat *fat, const struct bytes *directory, const char *name,
                        size_t name_length, struct fat_entry *entry, bool *found,
                        struct error *err);

#endif
