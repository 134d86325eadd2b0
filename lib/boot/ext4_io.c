/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ext4_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checked.h"

static errcode_t io_open(const char *name, int flags, io_channel *channel)
{
    void *io;

    (void)flags;
    if (sscanf(name, "%p", &io) != 1)
        return EXT2_ET_BAD_DEVICE_NAME;
    io_channel new = calloc(1, sizeof(*new));
    if (new == NULL)
        return EXT2_ET_NO_MEMORY;
    new->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    new->manager = &((struct ext4_io *)io)->manager;
    new->block_size = EXT2_MIN_BLOCK_SIZE;
    new->refcount = 1;
    new->private_data = io;
    *channel = new;
    return 0;
}

static errcode_t io_close(io_channel channel)
{
    if (--channel->refcount == 0)
        free(channel);
    return 0;
}

static errcode_t io_set_blksize(io_channel channel, int blksize)
{
    channel->block_size = blksize;
    return 0;
}

/* A negative count is of bytes. */
static errcode_t io_read_blk64(io_channel channel, unsigned long long block, int count, void *data)
{
    struct ext4_io *io = channel->private_data;
    struct error err = {0};
    uint64_t offset;
    uint64_t size =
        count < 0 ? (uint64_t)(-(int64_t)count) : (uint64_t)count * (uint64_t)channel->block_size;

    if (!checked_mul(block, (uint64_t)channel->block_size, &offset) ||
        !range_within(offset, size, io->length_bytes) || size > io->budget_bytes)
        return EXT2_ET_SHORT_READ;
    io->budget_bytes -= size;
    return disk_pread(io->disk, data, (size_t)size, io->offset_bytes + offset, &err)
               ? 0
               : EXT2_ET_SHORT_READ;
}

static errcode_t io_read_blk(io_channel channel, unsigned long block, int count, void *data)
{
    return io_read_blk64(channel, block, count, data);
}

static errcode_t io_write_blk64(io_channel channel, unsigned long long block, int count,
                                const void *data)
{
    (void)channel;
    (void)block;
    (void)count;
    (void)data;
    return EXT2_ET_RO_FILSYS;
}

static errcode_t io_write_blk(io_channel channel, unsigned long block, int count, const void *data)
{
    return io_write_blk64(channel, block, count, data);
}

static errcode_t io_flush(io_channel channel)
{
    (void)channel;
    return 0;
}

void ext4_io_init(struct ext4_io *io, struct disk *disk, uint64_t offset_bytes,
                  uint64_t length_bytes)
{
    io->disk = disk;
    io->offset_bytes = offset_bytes;
    io->length_bytes = length_bytes;
    io->budget_bytes = 0;
    io->manager = (struct struct_io_manager){
        .magic = EXT2_ET_MAGIC_IO_MANAGER,
        .name = "disk",
        .open = io_open,
        .close = io_close,
        .set_blksize = io_set_blksize,
        .read_blk = io_read_blk,
        .write_blk = io_write_blk,
        .flush = io_flush,
        .read_blk64 = io_read_blk64,
        .write_blk64 = io_write_blk64,
    };
    snprintf(io->name, sizeof(io->name), "%p", (void *)io);
}
