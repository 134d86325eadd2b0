/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files of FAT12, FAT16 and FAT32 volumes, and overwriting bytes of a file in place.
 * Microsoft FAT specification 1.03 (2000); long names as in its clause 7. */
#ifndef BOOT_FAT_H
#define BOOT_FAT_H

#include "core/bytes.h"
#include "core/digest_set.h"
#include "image/disk.h"

struct fat;

/* The volume in [offset, offset + length) of `disk`, which is borrowed. COLDSEAL_BAD_IMAGE. */
struct fat *fat_open(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                     struct error *err);
void fat_free(struct fat *fat);
DEFINE_OWNED(fat);

struct fat_entry {
    char name[768]; /* UTF-8, the long name where there is one */
    bool is_directory;
    uint32_t size_bytes;
    uint32_t first_cluster;
};

/* Paths are absolute with '/', compared without case. *found is false, and the result true, where
 * nothing is there. */
bool fat_lookup(struct fat *fat, const char *path, struct fat_entry *entry, bool *found,
                struct error *err);
/* Calls `each` for every entry of a directory until it returns false. */
bool fat_list(struct fat *fat, const char *path,
              bool (*each)(void *context, const struct fat_entry *entry), void *context,
              struct error *err);
/* Whole file; COLDSEAL_BAD_IMAGE when it is absent, a directory or longer than `limit_bytes`. */
struct bytes *fat_read_file(struct fat *fat, const char *path, size_t limit_bytes,
                            struct error *err);
/* The whole file, read in pieces. */
bool fat_feed_file(struct fat *fat, const char *path, struct digest_set_stream *stream,
                   struct error *err);
/* Overwrites bytes that exist; neither length nor place of the file change. */
bool fat_patch_file(struct fat *fat, const char *path, uint64_t offset_bytes, const void *data,
                    size_t size, struct error *err);

#endif
