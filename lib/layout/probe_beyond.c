/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/probe_beyond.h"

#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "core/reader.h"

#define SUPERBLOCK_BYTES 4096

/* Linux, Documentation/filesystems/ext4/super.rst: s_feature_compat, s_journal_inum. */
#define EXT_COMPAT_OFFSET 0x5c
#define EXT_COMPAT_HAS_JOURNAL 0x4u
#define EXT_JOURNAL_INODE_OFFSET 0xe0
/* Linux, fs/xfs/libxfs/xfs_format.h, struct xfs_dsb: sb_rblocks, sb_logstart. */
#define XFS_REALTIME_BLOCKS_OFFSET 16
#define XFS_LOG_START_OFFSET 48
/* Linux, include/uapi/linux/btrfs_tree.h, struct btrfs_super_block: num_devices. */
#define BTRFS_DEVICES_OFFSET 0x88
/* Linux, include/linux/f2fs_fs.h, struct f2fs_super_block: devs[0].path. */
#define F2FS_DEVICES_OFFSET 2201

typedef void find_beyond(struct reader *superblock, char *beyond, size_t room);

static void ext_beyond(struct reader *r, char *beyond, size_t room)
{
    uint32_t compat, inode;

    if (reader_seek(r, EXT_COMPAT_OFFSET) && read_u32le(r, &compat) &&
        (compat & EXT_COMPAT_HAS_JOURNAL) != 0 && reader_seek(r, EXT_JOURNAL_INODE_OFFSET) &&
        read_u32le(r, &inode) && inode == 0)
        snprintf(beyond, room, "its journal");
}

static void xfs_beyond(struct reader *r, char *beyond, size_t room)
{
    uint64_t realtime_blocks, log_start;

    if (!reader_seek(r, XFS_REALTIME_BLOCKS_OFFSET) || !read_u64be(r, &realtime_blocks) ||
        !reader_seek(r, XFS_LOG_START_OFFSET) || !read_u64be(r, &log_start))
        return;
    if (log_start == 0)
        snprintf(beyond, room, "its log");
    else if (realtime_blocks != 0)
        snprintf(beyond, room, "its realtime section");
}

static void btrfs_beyond(struct reader *r, char *beyond, size_t room)
{
    uint64_t devices;

    if (reader_seek(r, BTRFS_DEVICES_OFFSET) && read_u64le(r, &devices) && devices != 1)
        snprintf(beyond, room, "part of it");
}

static void f2fs_beyond(struct reader *r, char *beyond, size_t room)
{
    uint8_t first;

    if (reader_seek(r, F2FS_DEVICES_OFFSET) && read_u8(r, &first) && first != 0)
        snprintf(beyond, room, "part of it");
}

static const struct known {
    const char *type;
    uint64_t offset_bytes; /* of the superblock */
    find_beyond *find;
} known[] = {
    {"ext3", 1024, ext_beyond},  {"ext4", 1024, ext_beyond},     {"xfs", 0, xfs_beyond},
    {"f2fs", 1024, f2fs_beyond}, {"btrfs", 65536, btrfs_beyond},
};

static bool read_superblock(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                            const struct known *k, struct volume *volume, struct error *err)
{
    uint8_t bytes[SUPERBLOCK_BYTES];

    if (!range_within(k->offset_bytes, sizeof(bytes), length_bytes))
        return true; /* libblkid would not have known it */
    if (!disk_pread(disk, bytes, sizeof(bytes), offset_bytes + k->offset_bytes, err))
        return false;
    struct reader r = reader_over(bytes, sizeof(bytes));
    k->find(&r, volume->beyond, sizeof(volume->beyond));
    return true;
}

bool volume_find_beyond(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                        struct volume *volume, struct error *err)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(volume->type, known[i].type) == 0)
            return read_superblock(disk, offset_bytes, length_bytes, &known[i], volume, err);
    }
    return true;
}
