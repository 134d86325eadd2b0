/* SPDX-License-Identifier: Apache-2.0 */
/* Where an ext4 volume keeps its own structures. Private to boot/. */
#ifndef BOOT_EXT4_METADATA_H
#define BOOT_EXT4_METADATA_H

#include "boot/ext4_volume.h"

struct block_run {
    uint64_t first;
    uint64_t count;
};

struct ext4_metadata {
    size_t count;
    struct block_run runs[]; /* in order of place; they may touch or overlap */
};
static inline void ext4_metadata_free(struct ext4_metadata *metadata)
{
    free(metadata);
}
DEFINE_OWNED(ext4_metadata);

/* Superblocks, descriptors with the blocks reserved for more, bitmaps and inode tables of every
 * group, wherever flex_bg has put them. *sane is false, and the result NULL without an error, when
 * one of them lies outside the volume. */
struct ext4_metadata *ext4_metadata_list(const struct ext4 *ext4, bool *sane, struct error *err);

#endif
