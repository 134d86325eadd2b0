/* SPDX-License-Identifier: Apache-2.0 */
/* libext2fs' I/O manager over a part of a disk. Private to boot/. */
#ifndef BOOT_EXT4_IO_H
#define BOOT_EXT4_IO_H

#include <ext2fs/ext2fs.h>

#include "image/disk.h"

/* "%p" of a struct ext4_io, with room to spare: the name is all that a manager's open() gets. */
#define EXT4_IO_NAME_BYTES 32
/* As qcow2's clusters: libext2fs asks for one block at a time, in turn of a file's data, its inode
 * and its tree of extents, and a compressed cluster is inflated as a whole each time. */
#define EXT4_IO_WINDOW_BYTES ((size_t)64 << 10)
#define EXT4_IO_WINDOWS 4

struct ext4_io_window {
    uint64_t offset_bytes; /* a multiple of the size */
    size_t size;           /* 0: nothing yet */
    uint64_t used;         /* the highest was used last */
    uint8_t data[EXT4_IO_WINDOW_BYTES];
};

struct ext4_io {
    struct disk *disk; /* borrowed */
    uint64_t offset_bytes;
    uint64_t length_bytes;
    /* What may still be read: hostile trees of blocks end here and not never. */
    uint64_t budget_bytes;
    bool is_writable;
    struct ext4_io_window windows[EXT4_IO_WINDOWS];
    uint64_t uses;
    struct struct_io_manager manager;
    char name[EXT4_IO_NAME_BYTES];
};

/* `io` must stay where it is while a file system is open over it. */
void ext4_io_init(struct ext4_io *io, struct disk *disk, uint64_t offset_bytes,
                  uint64_t length_bytes);

#endif
