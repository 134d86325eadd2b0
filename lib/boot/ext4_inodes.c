/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ext4_inodes.h"

#include "core/checked.h"

#define SCAN_BUFFER_BLOCKS 16
#define BUDGET_BYTES ((uint64_t)64 << 20)

struct inode_walk {
    struct ext4 *ext4;
    const struct ranges *used;
    uint64_t checked_end; /* of the run of used bytes that the last block was in … */
    uint64_t checked_start;
    uint64_t blocks_left; /* hostile trees may name each block many times */
    bool agrees;
};

static bool is_used(struct inode_walk *walk, uint64_t block)
{
    uint64_t block_bytes = walk->ext4->fs->blocksize;
    uint64_t length = walk->ext4->io.length_bytes;
    uint64_t at;
    bool inside;

    if (!checked_mul(block, block_bytes, &at) || !range_within(at, block_bytes, length))
        return false;
    if (at >= walk->checked_start && at < walk->checked_end)
        return true;
    uint64_t run = ranges_run(walk->used, at, length - at, &inside);
    if (!inside)
        return false;
    walk->checked_start = at;
    walk->checked_end = at + run;
    return true;
}

static int check_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t index, blk64_t reference,
                       int offset, void *context)
{
    struct inode_walk *walk = context;

    (void)fs;
    (void)index;
    (void)reference;
    (void)offset;
    walk->agrees = walk->blocks_left > 0 && is_used(walk, *block);
    walk->blocks_left -= walk->blocks_left > 0;
    return walk->agrees ? 0 : BLOCK_ABORT;
}

static void check_inode(struct inode_walk *walk, ext2_ino_t number, struct ext2_inode *inode)
{
    ext2_filsys fs = walk->ext4->fs;

    if (inode->i_links_count == 0)
        return;
    blk64_t attributes = ext2fs_file_acl_block(fs, inode);
    walk->agrees = attributes == 0 || is_used(walk, attributes);
    if (!walk->agrees || !ext2fs_inode_has_valid_blocks2(fs, inode))
        return;
    errcode_t code =
        ext2fs_block_iterate3(fs, number, BLOCK_FLAG_READ_ONLY, NULL, check_block, walk);
    walk->agrees = walk->agrees && code == 0;
}

static void check_inodes(struct inode_walk *walk, ext2_inode_scan scan)
{
    struct ext2_inode inode;
    ext2_ino_t number;

    do {
        walk->agrees = ext2fs_get_next_inode(scan, &number, &inode) == 0;
        if (walk->agrees && number != 0)
            check_inode(walk, number, &inode);
    } while (walk->agrees && number != 0);
}

bool ext4_inodes_agree(struct ext4 *ext4, const struct ranges *used)
{
    ext2_filsys fs = ext4->fs;
    struct inode_walk walk = {
        .ext4 = ext4,
        .used = used,
        .blocks_left = 2 * ext2fs_blocks_count(fs->super),
    };
    uint64_t tables = (uint64_t)fs->group_desc_count * fs->inode_blocks_per_group * fs->blocksize;
    ext2_inode_scan scan;

    /* The inode tables once, and of each tree its inner blocks. */
    ext4->io.budget_bytes = BUDGET_BYTES + tables + ext4->io.length_bytes / 64;
    if (ext2fs_open_inode_scan(fs, SCAN_BUFFER_BLOCKS, &scan) != 0)
        return false;
    check_inodes(&walk, scan);
    ext2fs_close_inode_scan(scan);
    return walk.agrees;
}
