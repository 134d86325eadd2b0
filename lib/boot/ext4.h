/* SPDX-License-Identifier: Apache-2.0 */
/* ext2/3/4 volumes by libext2fs over a disk: reading them. */
#ifndef BOOT_EXT4_H
#define BOOT_EXT4_H

#include "core/bytes.h"
#include "core/digest_set.h"
#include "image/disk.h"
#include "image/ranges.h"

struct ext4;

/* COLDSEAL_BAD_IMAGE for a damaged one, COLDSEAL_UNSUPPORTED for features that libext2fs does not
 * know. `disk` is borrowed. */
struct ext4 *ext4_open(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                       struct error *err);
void ext4_free(struct ext4 *ext4);
DEFINE_OWNED(ext4);

/* Bytes, from the start of the partition, that the file system does not call free: its blocks in
 * use (its own metadata, the boot block before the first group and uninitialised groups' metadata
 * included) and everything behind its last block. When the bitmaps cannot be trusted (checksum,
 * count of free blocks, metadata or blocks of a file that they call free, a journal to be replayed,
 * errors flag, not cleanly unmounted) *reliable is false and the list is the whole partition. */
struct ranges *ext4_used_ranges(struct ext4 *ext4, bool *reliable, struct error *err);

/* By path; links are followed inside the volume, and none of its bitmaps is read. */
struct ext4_entry {
    uint32_t inode;
    uint64_t size_bytes;
    uint32_t mode;
    uint32_t modified; /* seconds since 1970 */
    bool is_regular;
    bool is_directory;
};
/* *found is false, and the result true, where nothing is there. */
bool ext4_lookup(struct ext4 *ext4, const char *path, struct ext4_entry *entry, bool *found,
                 struct error *err);
/* The path without links, freed with free(3). COLDSEAL_BAD_IMAGE where nothing is there. */
char *ext4_real_path(struct ext4 *ext4, const char *path, struct error *err);
/* Whole file. COLDSEAL_BAD_IMAGE when absent or longer than `limit_bytes`. */
struct bytes *ext4_read_file(struct ext4 *ext4, const char *path, size_t limit_bytes,
                             struct error *err);
/* The whole file, read in pieces. */
bool ext4_feed_file(struct ext4 *ext4, const char *path, struct digest_set_stream *stream,
                    struct error *err);
/* Calls `each` for every name in a directory until it returns false. */
bool ext4_list(struct ext4 *ext4, const char *path, bool (*each)(void *context, const char *name),
               void *context, struct error *err);

#endif
