/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ext4_edit.h"

#include <et/com_err.h>
#include <stdlib.h>
#include <string.h>

#include "boot/ext4_volume.h"
#include "core/checked.h"
#include "core/reader.h"

#define SUPERBLOCK_OFFSET 1024
#define SUPERBLOCK_BYTES 1024
#define BLOCK_SHIFT_LIMIT 6 /* 64 KiB */
/* 64 TiB of 4 KiB blocks; libext2fs keeps 64 bytes of each group in memory. */
#define GROUP_LIMIT ((uint64_t)1 << 19)
/* Descriptors and bitmaps are read once; paths and files get a budget of their own. */
#define OPEN_BUDGET_BYTES ((uint64_t)128 << 20)

/* What mke2fs turns on for ext4, in any of its versions; none of it changes what a new file is. */
#define WRITABLE_INCOMPAT                                             \
    (EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS | \
     EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG |    \
     EXT4_FEATURE_INCOMPAT_CSUM_SEED | EXT2_FEATURE_INCOMPAT_META_BG)
#define WRITABLE_RO_COMPAT                                                     \
    (EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE | \
     EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |      \
     EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |   \
     EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)

/* The fields that decide how much memory opening takes.
 * Documentation/filesystems/ext4/super.rst of Linux. */
struct superblock {
    uint32_t blocks_low;
    uint32_t block_shift;
    uint32_t blocks_per_group;
    uint16_t magic;
    uint32_t incompat;
    uint32_t blocks_high;
};

static bool parse_superblock(const uint8_t *data, struct superblock *sb)
{
    struct reader r = reader_over(data, SUPERBLOCK_BYTES);

    return reader_seek(&r, 0x04) && read_u32le(&r, &sb->blocks_low) && reader_seek(&r, 0x18) &&
           read_u32le(&r, &sb->block_shift) && reader_seek(&r, 0x20) &&
           read_u32le(&r, &sb->blocks_per_group) && reader_seek(&r, 0x38) &&
           read_u16le(&r, &sb->magic) && reader_seek(&r, 0x60) && read_u32le(&r, &sb->incompat) &&
           reader_seek(&r, 0x150) && read_u32le(&r, &sb->blocks_high);
}

static bool check_superblock(const struct superblock *sb, uint64_t length_bytes, struct error *err)
{
    uint64_t blocks = sb->blocks_low;
    uint64_t bytes;

    if (sb->magic != EXT2_SUPER_MAGIC)
        return error_set(err, COLDSEAL_BAD_IMAGE, "ext4: no superblock");
    if (sb->block_shift > BLOCK_SHIFT_LIMIT || sb->blocks_per_group == 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "ext4: blocks of 2^%u KiB, %u in a group",
                         sb->block_shift, sb->blocks_per_group);
    if ((sb->incompat & EXT4_FEATURE_INCOMPAT_64BIT) != 0)
        blocks |= (uint64_t)sb->blocks_high << 32;
    if (!checked_mul(blocks, (uint64_t)1024 << sb->block_shift, &bytes) || bytes > length_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "ext4: larger than its partition");
    if (blocks / sb->blocks_per_group >= GROUP_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "ext4: more than %llu block groups",
                         (unsigned long long)GROUP_LIMIT);
    return true;
}

static bool check_volume(const struct ext4_io *io, struct error *err)
{
    uint8_t data[SUPERBLOCK_BYTES];
    struct superblock sb;

    if (io->length_bytes < SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES ||
        !range_within(io->offset_bytes, io->length_bytes, disk_size(io->disk)))
        return error_set(err, COLDSEAL_BAD_IMAGE, "ext4: the volume is not within the disk");
    if (!disk_pread(io->disk, data, sizeof(data), io->offset_bytes + SUPERBLOCK_OFFSET, err))
        return false;
    if (!parse_superblock(data, &sb))
        return error_set(err, COLDSEAL_BAD_IMAGE, "ext4: no superblock");
    return check_superblock(&sb, io->length_bytes, err);
}

static bool open_failed(errcode_t code, struct error *err)
{
    bool unknown = code == EXT2_ET_UNSUPP_FEATURE || code == EXT2_ET_RO_UNSUPP_FEATURE ||
                   code == EXT2_ET_REV_TOO_HIGH;

    if (code == EXT2_ET_NO_MEMORY)
        return error_no_memory(err);
    return error_set(err, unknown ? COLDSEAL_UNSUPPORTED : COLDSEAL_BAD_IMAGE, "ext4: %s",
                     error_message(code));
}

static struct ext4 *open_volume(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                                bool is_writable, struct error *err)
{
    int flags = EXT2_FLAG_64BITS | (is_writable ? EXT2_FLAG_RW : 0);

    OWNED(ext4) ext4 = calloc(1, sizeof(*ext4));

    if (ext4 == NULL) {
        error_no_memory(err);
        return NULL;
    }
    ext4_io_init(&ext4->io, disk, offset_bytes, length_bytes);
    if (!check_volume(&ext4->io, err))
        return NULL;
    initialize_ext2_error_table();
    ext4->io.budget_bytes = OPEN_BUDGET_BYTES;
    ext4->io.is_writable = is_writable;
    errcode_t code = ext2fs_open2(ext4->io.name, NULL, flags, 0, 0, &ext4->io.manager, &ext4->fs);
    if (code != 0) {
        ext4->fs = NULL;
        open_failed(code, err);
        return NULL;
    }
    return TAKE(ext4);
}

struct ext4 *ext4_open(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                       struct error *err)
{
    return open_volume(disk, offset_bytes, length_bytes, false, err);
}

static bool check_is_sound(struct ext4 *ext4, struct error *err)
{
    const struct ext2_super_block *super = ext4->fs->super;
    bool reliable;

    if ((super->s_feature_incompat & ~(uint32_t)WRITABLE_INCOMPAT) != 0 ||
        (super->s_feature_ro_compat & ~(uint32_t)WRITABLE_RO_COMPAT) != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "ext4: features 0x%x and 0x%x, among them some that only Linux writes",
                         super->s_feature_incompat, super->s_feature_ro_compat);
    OWNED(ranges) used = ext4_used_ranges(ext4, &reliable, err);
    if (used == NULL)
        return false;
    return reliable || error_set(err, COLDSEAL_UNSUPPORTED,
                                 "ext4: not cleanly unmounted, or damaged: run e2fsck first");
}

struct ext4 *ext4_open_writable(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                                struct error *err)
{
    OWNED(ext4) ext4 = open_volume(disk, offset_bytes, length_bytes, true, err);

    if (ext4 == NULL || !check_is_sound(ext4, err))
        return NULL;
    ext4->io.budget_bytes = OPEN_BUDGET_BYTES;
    errcode_t code = ext2fs_read_bitmaps(ext4->fs);
    if (code != 0)
        return open_failed(code, err), NULL;
    /* the copies in other groups are e2fsck's to write, as they are not the kernel's */
    ext4->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
    return TAKE(ext4);
}

void ext4_free(struct ext4 *ext4)
{
    if (ext4 == NULL)
        return;
    if (ext4->fs != NULL)
        ext2fs_free(ext4->fs);
    free(ext4);
}
