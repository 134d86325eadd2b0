/* SPDX-License-Identifier: Apache-2.0 */
#include "image/clone.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/checked.h"
#include "core/own.h"
#include "image/file_io.h"

#define COPY_CHUNK_BYTES ((size_t)1 << 20)

static bool copy_by_hand(int from_fd, int to_fd, uint64_t offset, uint64_t end, struct error *err)
{
    OWNED_PTR(uint8_t) buffer = malloc(COPY_CHUNK_BYTES);

    if (buffer == NULL)
        return error_no_memory(err);
    while (offset < end) {
        size_t size = min_u64(end - offset, COPY_CHUNK_BYTES);
        if (!file_read_at(from_fd, buffer, size, offset, err) ||
            !file_write_at(to_fd, buffer, size, offset, err))
            return false;
        offset += size;
    }
    return true;
}

static bool copy_data(int from_fd, int to_fd, uint64_t offset, uint64_t end, struct error *err)
{
    while (offset < end) {
        off_t from = (off_t)offset, to = (off_t)offset;
        ssize_t copied = copy_file_range(from_fd, &from, to_fd, &to, end - offset, 0);
        if (copied > 0)
            offset += (uint64_t)copied;
        else if (copied < 0 && errno == ENOSPC)
            return error_errno(err, COLDSEAL_IO, "write at byte %" PRIu64, offset);
        else
            return copy_by_hand(from_fd, to_fd, offset, end, err);
    }
    return true;
}

static bool copy_all(int from_fd, int to_fd, uint64_t size, struct error *err)
{
    off_t data, hole;

    for (uint64_t offset = 0; offset < size; offset = (uint64_t)hole) {
        data = lseek(from_fd, (off_t)offset, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return true;
        hole = data < 0 ? -1 : lseek(from_fd, data, SEEK_HOLE);
        if (hole < 0) /* a block device, or no holes to be told of here */
            return copy_data(from_fd, to_fd, offset, size, err);
        if (!copy_data(from_fd, to_fd, (uint64_t)data, (uint64_t)hole, err))
            return false;
    }
    return true;
}

bool image_clone(int from_fd, int to_fd, struct error *err)
{
    uint64_t size_bytes;

    if (!file_size(from_fd, &size_bytes, err))
        return false;
    if (ioctl(to_fd, FICLONE, from_fd) == 0)
        return true;
    if (ftruncate(to_fd, (off_t)size_bytes) != 0)
        return error_errno(err, COLDSEAL_IO, "set the length of the image");
    return copy_all(from_fd, to_fd, size_bytes, err);
}
