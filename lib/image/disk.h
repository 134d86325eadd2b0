/* SPDX-License-Identifier: Apache-2.0 */
/* A disk: what every stage reads and writes, whatever the format behind it. Offsets and sizes are
 * bytes of the guest's disk. Reads and writes may come from several threads at once. */
#ifndef IMAGE_DISK_H
#define IMAGE_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/own.h"

struct disk;

enum extent_kind {
    EXTENT_DATA, /* may hold anything */
    EXTENT_ZERO, /* reads as zeros, known without reading */
};

struct extent {
    uint64_t offset_bytes;
    uint64_t length_bytes;
    enum extent_kind kind;
};

/* What a back end provides. `pwrite` and `flush` are NULL where it is read-only. The functions get
 * ranges that lie within the disk; `extent` gets offset < size and answers at least one byte. */
struct disk_operations {
    const char *format;
    bool (*pread)(void *self, void *buffer, size_t size, uint64_t offset, struct error *err);
    bool (*pwrite)(void *self, const void *buffer, size_t size, uint64_t offset, struct error *err);
    bool (*flush)(void *self, struct error *err);
    bool (*extent)(void *self, uint64_t offset, struct extent *extent, struct error *err);
    const char *(*remainder)(const void *self); /* may be NULL */
    /* Would a write there be taken? NULL: wherever pwrite is not NULL. */
    bool (*check_writable)(void *self, uint64_t offset, uint64_t size, struct error *err);
    void (*free)(void *self);
};

/* Takes `self` over, also on failure. */
struct disk *disk_new(const struct disk_operations *operations, void *self, uint64_t size_bytes,
                      struct error *err);
/* Makes `fd` the disk's own: disk_free() closes it. */
void disk_adopt_fd(struct disk *disk, int fd);
/* The same for the disk that it reads through: freed with it. */
void disk_adopt_base(struct disk *disk, struct disk *base);
void disk_free(struct disk *disk);
DEFINE_OWNED(disk);

uint64_t disk_size(const struct disk *disk);
/* "raw", "qcow2", … */
const char *disk_format(const struct disk *disk);
/* What the file holds beside the disk of today, for people ("internal snapshots: …"); NULL where
 * there is nothing of the kind. */
const char *disk_remainder(const struct disk *disk);

/* All of `size` bytes or failure: COLDSEAL_IO, or COLDSEAL_BAD_IMAGE for what the format gets wrong
 * or for a range that is not within the disk. */
bool disk_pread(struct disk *disk, void *buffer, size_t size, uint64_t offset, struct error *err);
/* COLDSEAL_UNSUPPORTED on a read-only disk, and on qcow2 for clusters that cannot be written in
 * place (unallocated, compressed, shared). */
bool disk_pwrite(struct disk *disk, const void *buffer, size_t size, uint64_t offset,
                 struct error *err);
/* Fails as disk_pwrite() would, and writes nothing. */
bool disk_check_writable(struct disk *disk, uint64_t offset, uint64_t size, struct error *err);
/* The same for what of the range is not known to be zero. */
bool disk_check_data_writable(struct disk *disk, uint64_t offset, uint64_t size, struct error *err);
bool disk_flush(struct disk *disk, struct error *err);
/* From now on disk_flush() does nothing: of a file that nobody needs after a crash of the machine.
 */
void disk_leave_unsynced(struct disk *disk);
/* The extent that starts at `offset`, as long as the back end cheaply knows; never beyond the end
 * of the disk. Neighbours may be of one kind. */
bool disk_extent(struct disk *disk, uint64_t offset, struct extent *extent, struct error *err);

#endif
