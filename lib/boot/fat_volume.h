/* SPDX-License-Identifier: Apache-2.0 */
/* A FAT volume's geometry and its chains of clusters. Private to boot/.
 * Microsoft FAT specification 1.03 (2000), clauses 3 and 4. */
#ifndef BOOT_FAT_VOLUME_H
#define BOOT_FAT_VOLUME_H

#include "boot/fat.h"

/* A directory has at most 65536 entries of 32 bytes (FAT specification, clause 6). */
#define FAT_DIRECTORY_LIMIT_BYTES ((uint32_t)65536 * 32)
#define FAT_WINDOW_BYTES ((size_t)32 << 10)

struct fat {
    struct disk *disk;         /* borrowed */
    uint64_t offset_bytes;     /* of the volume */
    unsigned bits;             /* 12, 16, 32 */
    uint32_t cluster_bytes;    /* up to 512 KiB */
    uint32_t cluster_count;    /* numbered from 2 */
    uint64_t fat_offset_bytes; /* of the first copy, on the disk */
    uint64_t fat_length_bytes;
    unsigned fat_copies;        /* one behind the other */
    uint64_t info_offset_bytes; /* FAT32: of the FSInfo sector on the disk, else 0 */
    uint64_t root_offset_bytes; /* FAT12, FAT16: on the disk */
    uint32_t root_length_bytes;
    uint32_t root_cluster; /* FAT32 */
    uint64_t data_offset_bytes;
    /* The part of the first copy that was read last. */
    uint64_t window_start;
    size_t window_size;
    uint8_t window[FAT_WINDOW_BYTES];
};

/* Clusters of a file or directory, in order. */
struct fat_chain {
    uint32_t count;
    uint32_t clusters[];
};
static inline void fat_chain_free(struct fat_chain *chain)
{
    free(chain);
}
DEFINE_OWNED(fat_chain);

/* The first `count` clusters from `first`; every one is in the volume and none comes twice.
 * COLDSEAL_BAD_IMAGE when the chain is shorter. */
struct fat_chain *fat_chain_read(struct fat *fat, uint32_t first, uint32_t count,
                                 struct error *err);
/* All clusters up to the end of the chain, `limit` at most. */
struct fat_chain *fat_chain_read_all(struct fat *fat, uint32_t first, uint32_t limit,
                                     struct error *err);

/* Bytes [offset, offset + size) of what the chain holds, which must be that long. */
bool fat_chain_pread(struct fat *fat, const struct fat_chain *chain, uint64_t offset, void *data,
                     size_t size, struct error *err);
bool fat_chain_pwrite(struct fat *fat, const struct fat_chain *chain, uint64_t offset,
                      const void *data, size_t size, struct error *err);

#endif
