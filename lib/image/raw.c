/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>

#include "core/checked.h"
#include "image/file_io.h"
#include "image/open.h"

#define SECTOR_BYTES 512
/* 16 MiB of them; what comes behind the last counts as data. */
#define DATA_RANGES_LIMIT ((size_t)1 << 20)

struct raw {
    int fd;            /* borrowed */
    struct sink *sink; /* borrowed; of a new image, else NULL */
    uint64_t file_bytes;
    uint64_t size_bytes; /* file_bytes rounded up to sectors, as QEMU does */
    struct ranges *data; /* of a disk that is only read; NULL: ask each time */
};

static bool raw_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    const struct raw *raw = self;

    if (raw->file_bytes == raw->size_bytes)
        return file_read_at(raw->fd, buffer, size, offset, err);
    return file_read_padded_at(raw->fd, buffer, size, offset, err);
}

static bool raw_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                       struct error *err)
{
    const struct raw *raw = self;

    return raw->sink != NULL ? sink_write(raw->sink, buffer, size, offset, err)
                             : file_write_at(raw->fd, buffer, size, offset, err);
}

static bool raw_flush(void *self, struct error *err)
{
    const struct raw *raw = self;

    return file_sync(raw->fd, err);
}

/* A file system that does not know its holes, and a block device, has data everywhere. */
static bool raw_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct raw *raw = self;
    off_t data = lseek(raw->fd, (off_t)offset, SEEK_DATA);

    *extent = (struct extent){offset, raw->size_bytes - offset, EXTENT_DATA};
    if (data < 0 && errno == ENXIO) {
        extent->kind = EXTENT_ZERO;
    } else if (data > (off_t)offset) {
        extent->kind = EXTENT_ZERO;
        extent->length_bytes = (uint64_t)data - offset;
    } else if (data >= 0) {
        off_t hole = lseek(raw->fd, (off_t)offset, SEEK_HOLE);
        if (hole > (off_t)offset && (uint64_t)hole < raw->file_bytes)
            extent->length_bytes = (uint64_t)hole - offset;
    } else if (errno != EINVAL && errno != EOPNOTSUPP && errno != ENOTSUP) {
        return error_errno(err, COLDSEAL_IO, "look for holes at byte %" PRIu64, offset);
    }
    return true;
}

/* A file's answer changes while it is read: a preallocated block is a hole until it lies in the
 * page cache, and data from then on. Whoever asks twice must hear the same. */
static bool raw_known_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct raw *raw = self;
    bool data = false;
    uint64_t length = ranges_run(raw->data, offset, raw->size_bytes - offset, &data);

    (void)err;
    *extent = (struct extent){offset, length, data ? EXTENT_DATA : EXTENT_ZERO};
    return true;
}

static bool raw_list_data(struct raw *raw, struct error *err)
{
    OWNED(ranges) data = ranges_new(err);
    struct extent extent;

    if (data == NULL)
        return false;
    for (uint64_t offset = 0; offset < raw->size_bytes; offset += extent.length_bytes) {
        if (data->count == DATA_RANGES_LIMIT)
            return ranges_append(data, offset, raw->size_bytes - offset, err) &&
                   (raw->data = TAKE(data), true);
        if (!raw_extent(raw, offset, &extent, err) ||
            (extent.kind == EXTENT_DATA && !ranges_append(data, offset, extent.length_bytes, err)))
            return false;
    }
    raw->data = TAKE(data);
    return true;
}

static void raw_free(void *self)
{
    struct raw *raw = self;

    ranges_free(raw->data);
    free(raw);
}

static const struct disk_operations raw_reading = {
    .format = "raw",
    .pread = raw_pread,
    .extent = raw_known_extent,
    .free = raw_free,
};

static const struct disk_operations raw_writing = {
    .format = "raw",
    .pread = raw_pread,
    .pwrite = raw_pwrite,
    .flush = raw_flush,
    .extent = raw_extent,
    .free = raw_free,
};

static void raw_cleanup(struct raw **raw)
{
    if (*raw != NULL)
        raw_free(*raw);
}

static bool raw_measure(struct raw *raw, bool writable, struct error *err)
{
    if (!file_size(raw->fd, &raw->file_bytes, err))
        return false;
    if (!checked_round_up(raw->file_bytes, SECTOR_BYTES, &raw->size_bytes) ||
        raw->size_bytes > INT64_MAX)
        return error_set(err, COLDSEAL_BAD_IMAGE, "the file is too large");
    if (writable && raw->size_bytes != raw->file_bytes)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "%" PRIu64 " bytes are not a multiple of %d: cannot be written in place",
                         raw->file_bytes, SECTOR_BYTES);
    return true;
}

static struct disk *open_over(int fd, bool writable, struct sink *sink, struct error *err)
{
    __attribute__((cleanup(raw_cleanup))) struct raw *raw = calloc(1, sizeof(*raw));

    if (raw == NULL) {
        error_no_memory(err);
        return NULL;
    }
    raw->fd = fd;
    raw->sink = sink;
    if (!raw_measure(raw, writable, err) || (!writable && !raw_list_data(raw, err)))
        return NULL;
    uint64_t size_bytes = raw->size_bytes;
    return disk_new(writable ? &raw_writing : &raw_reading, TAKE(raw), size_bytes, err);
}

struct disk *raw_open(int fd, bool writable, struct error *err)
{
    return open_over(fd, writable, NULL, err);
}

struct disk *raw_output_new(struct sink *sink, struct error *err)
{
    return open_over(sink_fd(sink), true, sink, err);
}
