/* SPDX-License-Identifier: Apache-2.0 */
/* A file of any bytes, opened as qcow2: for reading, what its extents say and hold; for writing,
 * one write in place. Bounded, as a small file can describe a large disk. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/checked.h"
#include "image/file_io.h"
#include "image/open.h"
#include "image/qcow2_backing.h"

#define SECTOR_BYTES 512
#define EXTENT_LIMIT 256
#define READ_LIMIT_BYTES ((uint64_t)8 << 20)
#define READ_BYTES ((size_t)1 << 18)

static void check_zeros(const uint8_t *buffer, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (buffer[i] != 0)
            abort();
    }
}

static void check_extent(const struct disk *disk, uint64_t offset, const struct extent *extent)
{
    if (extent->offset_bytes != offset || extent->length_bytes == 0 ||
        extent->length_bytes > disk_size(disk) - offset)
        abort();
}

/* The start and the end of an extent, as the middle may be endless. */
static uint64_t read_extent(struct disk *disk, const struct extent *extent, uint8_t *buffer)
{
    size_t size = min_u64(extent->length_bytes, READ_BYTES);
    uint64_t last = extent->offset_bytes + extent->length_bytes - size;
    struct error err = {0};

    if (disk_pread(disk, buffer, size, extent->offset_bytes, &err) && extent->kind == EXTENT_ZERO)
        check_zeros(buffer, size);
    if (disk_pread(disk, buffer, size, last, &err) && extent->kind == EXTENT_ZERO)
        check_zeros(buffer, size);
    return 2 * size;
}

static void read_all(struct disk *disk, uint8_t *buffer)
{
    uint64_t offset = 0, done = 0;
    struct error err = {0};

    for (int i = 0; i < EXTENT_LIMIT && offset < disk_size(disk); i++) {
        struct extent extent;
        if (done > READ_LIMIT_BYTES || !disk_extent(disk, offset, &extent, &err))
            return;
        check_extent(disk, offset, &extent);
        done += read_extent(disk, &extent, buffer);
        offset += extent.length_bytes;
    }
}

/* What was written is there; where writing is refused, nothing changes. One sector, since two
 * clusters of a broken image may be one. */
static void write_one(struct disk *disk, uint8_t *buffer)
{
    uint8_t before[SECTOR_BYTES], after[SECTOR_BYTES];
    uint64_t offset = disk_size(disk) / 3 / SECTOR_BYTES * SECTOR_BYTES;
    struct error err = {0};

    memset(buffer, 0xa5, SECTOR_BYTES);
    if (!disk_pread(disk, before, SECTOR_BYTES, offset, &err))
        return;
    bool done = disk_pwrite(disk, buffer, SECTOR_BYTES, offset, &err);
    if (!disk_pread(disk, after, SECTOR_BYTES, offset, &err) ||
        memcmp(after, done ? buffer : before, SECTOR_BYTES) != 0)
        abort();
}

static void open_as(int fd, bool writable, uint8_t *buffer)
{
    struct error err = {0};
    OWNED(disk) disk = qcow2_open(fd, writable, NULL, &err);

    if (disk == NULL && err.code != COLDSEAL_BAD_IMAGE && err.code != COLDSEAL_UNSUPPORTED)
        abort();
    if (disk == NULL)
        return;
    if (writable)
        write_one(disk, buffer);
    else
        read_all(disk, buffer);
}

/* A header that passes names a file, and in its first cluster. */
static void read_backing(int fd)
{
    struct error err = {0};

    if (!qcow2_backing_check(fd, "folder/base.raw", "raw", &err) && err.code != COLDSEAL_USAGE &&
        err.code != COLDSEAL_BAD_IMAGE && err.code != COLDSEAL_UNSUPPORTED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED_FD fd = memfd_create("qcow2", MFD_CLOEXEC);
    OWNED_PTR(uint8_t) buffer = malloc(READ_BYTES);

    if (fd < 0 || buffer == NULL || !file_write_at(fd, data, size, 0, &err))
        abort();
    open_as(fd, false, buffer);
    open_as(fd, true, buffer);
    read_backing(fd);
    return 0;
}
