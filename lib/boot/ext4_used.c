/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/ext4_inodes.h"
#include "boot/ext4_metadata.h"
#include "core/checked.h"

/* A bitmap that alternates would make a list longer than memory: then there is no list. */
#define RANGE_LIMIT ((size_t)1 << 20)

/* The walk over the groups. A bit stands for a cluster of `ratio` blocks, 1 without bigalloc. */
struct used_walk {
    struct ext4 *ext4;
    uint64_t block_bytes;
    uint64_t ratio;
    uint64_t blocks;
    const struct ext4_metadata *metadata;
    size_t next_run; /* first of metadata->runs that may reach into the group at hand */
    uint8_t *bitmap; /* of one group, block_bytes */
    uint64_t first;  /* block of the group, and how many */
    uint64_t count;
    uint64_t clusters;
    struct ranges *used;
};

/* What must hold before a bit of the bitmaps means anything. */
static bool is_trustworthy(ext2_filsys fs)
{
    const struct ext2_super_block *sb = fs->super;

    if (ext2fs_has_feature_journal_needs_recovery(fs->super) ||
        ext2fs_has_feature_journal_dev(fs->super))
        return false;
    if ((sb->s_state & EXT2_VALID_FS) == 0 || (sb->s_state & EXT2_ERROR_FS) != 0)
        return false;
    /* A feature that only writers need to know may give the bitmaps another meaning. */
    if ((sb->s_feature_ro_compat & ~(unsigned)EXT2_LIB_FEATURE_RO_COMPAT_SUPP) != 0)
        return false;
    return sb->s_blocks_per_group ==
               (uint64_t)sb->s_clusters_per_group * (uint64_t)EXT2FS_CLUSTER_RATIO(fs) &&
           sb->s_clusters_per_group <= 8U * fs->blocksize && sb->s_clusters_per_group % 8 == 0;
}

static bool test_bit(const uint8_t *bitmap, uint64_t bit)
{
    return (bitmap[bit / 8] >> (bit % 8) & 1) != 0;
}

/* How many were clear before. */
static uint64_t set_bits(uint8_t *bitmap, uint64_t first, uint64_t last)
{
    uint64_t were_clear = 0;

    for (uint64_t bit = first; bit <= last; bit++) {
        were_clear += !test_bit(bitmap, bit);
        bitmap[bit / 8] = (uint8_t)(bitmap[bit / 8] | 1U << (bit % 8));
    }
    return were_clear;
}

/* Runs are in order of their first block, so those that end before this group are skipped for
 * good only while nothing before them reaches further. How many clusters the bitmap called free
 * comes back. */
static uint64_t mark_metadata(struct used_walk *walk)
{
    uint64_t were_free = 0;
    const struct ext4_metadata *metadata = walk->metadata;
    uint64_t end = walk->first + walk->count;

    for (size_t i = walk->next_run; i < metadata->count; i++) {
        const struct block_run *run = &metadata->runs[i];
        if (run->first >= end)
            break;
        uint64_t run_end = run->first + run->count;
        if (run_end <= walk->first) {
            walk->next_run += i == walk->next_run;
            continue;
        }
        uint64_t from = max_u64(run->first, walk->first) - walk->first;
        uint64_t to = min_u64(run_end, end) - walk->first;
        if (to > from)
            were_free += set_bits(walk->bitmap, from / walk->ratio, (to - 1) / walk->ratio);
    }
    return were_free;
}

/* Ext4 keeps no bitmap of a group that was never used: all but its metadata is free.
 * Documentation/filesystems/ext4/blockgroup.rst of Linux, "Lazy Block Group Initialization". */
static bool is_uninitialised(ext2_filsys fs, dgrp_t group)
{
    return ext2fs_has_group_desc_csum(fs) &&
           ext2fs_bg_flags_test(fs, group, EXT2_BG_BLOCK_UNINIT) != 0;
}

static bool read_bitmap(struct used_walk *walk, dgrp_t group, bool *sane, struct error *err)
{
    ext2_filsys fs = walk->ext4->fs;
    const struct ext4_io *io = &walk->ext4->io;
    uint64_t at = ext2fs_block_bitmap_loc(fs, group) * walk->block_bytes;

    if (!disk_pread(io->disk, walk->bitmap, walk->block_bytes, io->offset_bytes + at, err))
        return false;
    *sane = ext2fs_block_bitmap_csum_verify(fs, group, (char *)walk->bitmap,
                                            (int)(fs->super->s_clusters_per_group / 8)) != 0 &&
            mark_metadata(walk) == 0;
    return true;
}

static bool load_bitmap(struct used_walk *walk, dgrp_t group, bool *sane, struct error *err)
{
    if (!is_uninitialised(walk->ext4->fs, group))
        return read_bitmap(walk, group, sane, err);
    memset(walk->bitmap, 0, walk->block_bytes);
    mark_metadata(walk);
    return true;
}

static uint64_t count_free(const struct used_walk *walk)
{
    uint64_t free_clusters = 0;

    for (uint64_t bit = 0; bit < walk->clusters; bit++)
        free_clusters += !test_bit(walk->bitmap, bit);
    return free_clusters;
}

static bool append_group(struct used_walk *walk, struct error *err)
{
    uint64_t bit = 0;

    while (bit < walk->clusters) {
        uint64_t start = bit;
        bool used = test_bit(walk->bitmap, bit);
        while (bit < walk->clusters && test_bit(walk->bitmap, bit) == used)
            bit++;
        uint64_t from = start * walk->ratio;
        uint64_t to = min_u64(bit * walk->ratio, walk->count);
        if (used && !ranges_append(walk->used, (walk->first + from) * walk->block_bytes,
                                   (to - from) * walk->block_bytes, err))
            return false;
    }
    return true;
}

/* The group's descriptor, bitmap, metadata and number of free clusters must agree. */
static bool walk_group(struct used_walk *walk, dgrp_t group, bool *sane, struct error *err)
{
    ext2_filsys fs = walk->ext4->fs;

    walk->first = ext2fs_group_first_block2(fs, group);
    walk->count = ext2fs_group_last_block2(fs, group) - walk->first + 1;
    walk->clusters = (walk->count + walk->ratio - 1) / walk->ratio;
    *sane = ext2fs_group_desc_csum_verify(fs, group) != 0;
    if (!*sane)
        return true;
    if (!load_bitmap(walk, group, sane, err))
        return false;
    *sane = *sane && count_free(walk) == ext2fs_bg_free_blocks_count(fs, group) &&
            walk->used->count < RANGE_LIMIT;
    return !*sane || append_group(walk, err);
}

/* Boot block in front, groups, and what the partition has behind the last block. */
static bool walk_groups(struct used_walk *walk, bool *sane, struct error *err)
{
    uint64_t end = walk->blocks * walk->block_bytes;
    uint64_t length = walk->ext4->io.length_bytes;

    if (!ranges_append(walk->used, 0, walk->ext4->fs->super->s_first_data_block * walk->block_bytes,
                       err))
        return false;
    for (dgrp_t group = 0; group < walk->ext4->fs->group_desc_count && *sane; group++) {
        if (!walk_group(walk, group, sane, err))
            return false;
    }
    return !*sane || ranges_append(walk->used, end, length - end, err);
}

/* NULL without an error when the bitmaps are not to be trusted. */
static struct ranges *read_used(struct ext4 *ext4, bool *sane, struct error *err)
{
    OWNED(ext4_metadata) metadata = ext4_metadata_list(ext4, sane, err);
    if (metadata == NULL)
        return NULL;
    OWNED(bytes) bitmap = bytes_new(ext4->fs->blocksize, err);
    OWNED(ranges) used = ranges_new(err);
    if (bitmap == NULL || used == NULL)
        return NULL;
    struct used_walk walk = {
        .ext4 = ext4,
        .block_bytes = ext4->fs->blocksize,
        .ratio = (uint64_t)EXT2FS_CLUSTER_RATIO(ext4->fs),
        .blocks = ext2fs_blocks_count(ext4->fs->super),
        .metadata = metadata,
        .bitmap = bitmap->data,
        .used = used,
    };
    if (!walk_groups(&walk, sane, err) || !*sane)
        return NULL;
    *sane = ext4_inodes_agree(ext4, used);
    return *sane ? TAKE(used) : NULL;
}

static struct ranges *whole_partition(const struct ext4 *ext4, struct error *err)
{
    OWNED(ranges) all = ranges_new(err);

    if (all == NULL || !ranges_append(all, 0, ext4->io.length_bytes, err))
        return NULL;
    return TAKE(all);
}

struct ranges *ext4_used_ranges(struct ext4 *ext4, bool *reliable, struct error *err)
{
    *reliable = is_trustworthy(ext4->fs);
    struct ranges *used = *reliable ? read_used(ext4, reliable, err) : NULL;

    return *reliable ? used : whole_partition(ext4, err);
}
