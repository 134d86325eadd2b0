/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ext4_metadata.h"

#include <stdlib.h>

#include "core/checked.h"

/* Superblock, old and new descriptors, two bitmaps, inode table. */
#define RUNS_PER_GROUP 6

static bool add_run(const struct ext4 *ext4, struct ext4_metadata *metadata, uint64_t first,
                    uint64_t count)
{
    if (first < ext4->fs->super->s_first_data_block ||
        !range_within(first, count, ext2fs_blocks_count(ext4->fs->super)))
        return false;
    metadata->runs[metadata->count++] = (struct block_run){first, count};
    return true;
}

/* Blocks of descriptors that stand behind a superblock, with what is reserved for growing. */
static uint64_t old_descriptor_blocks(ext2_filsys fs)
{
    if (ext2fs_has_feature_meta_bg(fs->super))
        return fs->super->s_first_meta_bg;
    return (uint64_t)fs->desc_blocks + fs->super->s_reserved_gdt_blocks;
}

static bool add_super(const struct ext4 *ext4, struct ext4_metadata *metadata, dgrp_t group)
{
    ext2_filsys fs = ext4->fs;
    blk64_t super;
    blk64_t old_descriptors;
    blk64_t new_descriptors;

    if (ext2fs_super_and_bgd_loc2(fs, group, &super, &old_descriptors, &new_descriptors, NULL) != 0)
        return false;
    /* 0 stands for "none here", except for the superblock of group 0 where blocks are large. */
    if ((super != 0 || group == 0) && !add_run(ext4, metadata, super, 1))
        return false;
    if (old_descriptors != 0 &&
        !add_run(ext4, metadata, old_descriptors, old_descriptor_blocks(fs)))
        return false;
    return new_descriptors == 0 || add_run(ext4, metadata, new_descriptors, 1);
}

static bool add_group(const struct ext4 *ext4, struct ext4_metadata *metadata, dgrp_t group)
{
    ext2_filsys fs = ext4->fs;

    return add_super(ext4, metadata, group) &&
           add_run(ext4, metadata, ext2fs_block_bitmap_loc(fs, group), 1) &&
           add_run(ext4, metadata, ext2fs_inode_bitmap_loc(fs, group), 1) &&
           add_run(ext4, metadata, ext2fs_inode_table_loc(fs, group), fs->inode_blocks_per_group);
}

static int compare_run(const void *a, const void *b)
{
    const struct block_run *x = a;
    const struct block_run *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

struct ext4_metadata *ext4_metadata_list(const struct ext4 *ext4, bool *sane, struct error *err)
{
    size_t groups = ext4->fs->group_desc_count;
    OWNED(ext4_metadata) metadata =
        malloc(sizeof(*metadata) + groups * RUNS_PER_GROUP * sizeof(metadata->runs[0]));

    *sane = true;
    if (metadata == NULL) {
        error_no_memory(err);
        return NULL;
    }
    metadata->count = 0;
    for (dgrp_t group = 0; group < groups && *sane; group++)
        *sane = add_group(ext4, metadata, group);
    if (!*sane)
        return NULL;
    qsort(metadata->runs, metadata->count, sizeof(metadata->runs[0]), compare_run);
    return TAKE(metadata);
}
