/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk.h"

#include <inttypes.h>

#include "core/checked.h"

struct disk {
    const struct disk_operations *operations;
    void *self;
    uint64_t size_bytes;
    int fd;            /* closed with the disk; -1 when the descriptor is somebody else's */
    struct disk *base; /* freed with the disk; NULL when there is none, or it is somebody else's */
    bool unsynced;
};

struct disk *disk_new(const struct disk_operations *operations, void *self, uint64_t size_bytes,
                      struct error *err)
{
    struct disk *disk = malloc(sizeof(*disk));

    if (disk == NULL) {
        operations->free(self);
        error_no_memory(err);
        return NULL;
    }
    *disk = (struct disk){
        .operations = operations,
        .self = self,
        .size_bytes = size_bytes,
        .fd = -1,
    };
    return disk;
}

void disk_adopt_fd(struct disk *disk, int fd)
{
    disk->fd = fd;
}

void disk_adopt_base(struct disk *disk, struct disk *base)
{
    disk->base = base;
}

void disk_free(struct disk *disk)
{
    if (disk == NULL)
        return;
    disk->operations->free(disk->self);
    if (disk->fd >= 0)
        close(disk->fd);
    disk_free(disk->base);
    free(disk);
}

uint64_t disk_size(const struct disk *disk)
{
    return disk->size_bytes;
}

const char *disk_format(const struct disk *disk)
{
    return disk->operations->format;
}

const char *disk_remainder(const struct disk *disk)
{
    return disk->operations->remainder == NULL ? NULL : disk->operations->remainder(disk->self);
}

static bool check_range(const struct disk *disk, uint64_t offset, uint64_t size, struct error *err)
{
    return range_within(offset, size, disk->size_bytes) ||
           error_set(err, COLDSEAL_BAD_IMAGE,
                     "%" PRIu64 " bytes at byte %" PRIu64 " lie outside the disk of %" PRIu64
                     " bytes",
                     size, offset, disk->size_bytes);
}

bool disk_pread(struct disk *disk, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    if (!check_range(disk, offset, size, err))
        return false;
    return size == 0 || disk->operations->pread(disk->self, buffer, size, offset, err);
}

bool disk_pwrite(struct disk *disk, const void *buffer, size_t size, uint64_t offset,
                 struct error *err)
{
    if (!check_range(disk, offset, size, err))
        return false;
    if (disk->operations->pwrite == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the image is open for reading only");
    return size == 0 || disk->operations->pwrite(disk->self, buffer, size, offset, err);
}

bool disk_check_writable(struct disk *disk, uint64_t offset, uint64_t size, struct error *err)
{
    const struct disk_operations *operations = disk->operations;

    if (!check_range(disk, offset, size, err))
        return false;
    if (operations->pwrite == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the image is open for reading only");
    return size == 0 || operations->check_writable == NULL ||
           operations->check_writable(disk->self, offset, size, err);
}

bool disk_check_data_writable(struct disk *disk, uint64_t offset, uint64_t size, struct error *err)
{
    struct extent extent;
    uint64_t end;

    if (!check_range(disk, offset, size, err))
        return false;
    for (end = offset + size; offset < end; offset += extent.length_bytes) {
        if (!disk_extent(disk, offset, &extent, err))
            return false;
        extent.length_bytes = min_u64(extent.length_bytes, end - offset);
        if (extent.kind == EXTENT_DATA &&
            !disk_check_writable(disk, offset, extent.length_bytes, err))
            return false;
    }
    return true;
}

bool disk_flush(struct disk *disk, struct error *err)
{
    return disk->unsynced || disk->operations->flush == NULL ||
           disk->operations->flush(disk->self, err);
}

void disk_leave_unsynced(struct disk *disk)
{
    disk->unsynced = true;
}

bool disk_extent(struct disk *disk, uint64_t offset, struct extent *extent, struct error *err)
{
    if (!check_range(disk, offset, 1, err))
        return false;
    return disk->operations->extent(disk->self, offset, extent, err);
}
