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

/* The one at `start`, else the one that was not used for longest. */
static struct ext4_io_window *choose_window(struct ext4_io *io, uint64_t start)
{
    struct ext4_io_window *oldest = &io->windows[0];

    for (size_t i = 0; i < EXT4_IO_WINDOWS; i++) {
        struct ext4_io_window *window = &io->windows[i];
        if (window->size > 0 && window->offset_bytes == start)
            return window;
        if (window->used < oldest->used)
            oldest = window;
    }
    return oldest;
}

/* The window that has byte `offset` of the volume; NULL and err when it cannot be read. */
static const struct ext4_io_window *fill_window(struct ext4_io *io, uint64_t offset,
                                                struct error *err)
{
    uint64_t start = round_down(offset, EXT4_IO_WINDOW_BYTES);
    size_t size = (size_t)min_u64(io->length_bytes - start, EXT4_IO_WINDOW_BYTES);
    struct ext4_io_window *window = choose_window(io, start);

    window->used = ++io->uses;
    if (window->size > 0 && window->offset_bytes == start)
        return window;
    window->size = 0;
    if (!disk_pread(io->disk, window->data, size, io->offset_bytes + start, err))
        return NULL;
    window->offset_bytes = start;
    window->size = size;
    return window;
}

static bool read_bytes_at(struct ext4_io *io, uint8_t *to, size_t size, uint64_t offset,
                          struct error *err)
{
    if (size >= EXT4_IO_WINDOW_BYTES)
        return disk_pread(io->disk, to, size, io->offset_bytes + offset, err);
    while (size > 0) {
        const struct ext4_io_window *window = fill_window(io, offset, err);
        if (window == NULL)
            return false;
        size_t within = (size_t)(offset - window->offset_bytes);
        size_t piece = (size_t)min_u64(size, window->size - within);
        memcpy(to, window->data + within, piece);
        to += piece;
        offset += piece;
        size -= piece;
    }
    return true;
}

/* A negative count is of bytes. */
static bool find_range(io_channel channel, unsigned long long block, int count, uint64_t *offset,
                       uint64_t *size)
{
    const struct ext4_io *io = channel->private_data;

    *size =
        count < 0 ? (uint64_t)(-(int64_t)count) : (uint64_t)count * (uint64_t)channel->block_size;
    return checked_mul(block, (uint64_t)channel->block_size, offset) &&
           range_within(*offset, *size, io->length_bytes);
}

static errcode_t io_read_blk64(io_channel channel, unsigned long long block, int count, void *data)
{
    struct ext4_io *io = channel->private_data;
    struct error err = {0};
    uint64_t offset, size;

    if (!find_range(channel, block, count, &offset, &size) || size > io->budget_bytes)
        return EXT2_ET_SHORT_READ;
    io->budget_bytes -= size;
    return read_bytes_at(io, data, (size_t)size, offset, &err) ? 0 : EXT2_ET_SHORT_READ;
}

static errcode_t io_read_blk(io_channel channel, unsigned long block, int count, void *data)
{
    return io_read_blk64(channel, block, count, data);
}

/* What was read of the bytes that change. */
static void renew_windows(struct ext4_io *io, const uint8_t *from, uint64_t size, uint64_t offset)
{
    for (size_t i = 0; i < EXT4_IO_WINDOWS; i++) {
        struct ext4_io_window *window = &io->windows[i];
        uint64_t start = max_u64(offset, window->offset_bytes);
        uint64_t end = min_u64(offset + size, window->offset_bytes + window->size);
        if (start < end)
            memcpy(window->data + (start - window->offset_bytes), from + (start - offset),
                   (size_t)(end - start));
    }
}

static errcode_t io_write_blk64(io_channel channel, unsigned long long block, int count,
                                const void *data)
{
    struct ext4_io *io = channel->private_data;
    struct error err = {0};
    uint64_t offset, size;

    if (!io->is_writable)
        return EXT2_ET_RO_FILSYS;
    if (!find_range(channel, block, count, &offset, &size))
        return EXT2_ET_SHORT_WRITE;
    renew_windows(io, data, size, offset);
    return disk_pwrite(io->disk, data, (size_t)size, io->offset_bytes + offset, &err)
               ? 0
               : EXT2_ET_SHORT_WRITE;
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
    io->is_writable = false;
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
