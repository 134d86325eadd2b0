/* SPDX-License-Identifier: Apache-2.0 */
#include "image/clone.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/own.h"

#define COPY_CHUNK_BYTES ((size_t)1 << 20)

static bool copy_by_hand(int from_fd, int to_fd, off_t offset, off_t end, struct error *err)
{
    OWNED_PTR(uint8_t) buffer = malloc(COPY_CHUNK_BYTES);

    if (buffer == NULL)
        return error_no_memory(err);
    while (offset < end) {
        size_t want = (size_t)(end - offset);
        ssize_t got =
            pread(from_fd, buffer, want < COPY_CHUNK_BYTES ? want : COPY_CHUNK_BYTES, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, COLDSEAL_IO, "read");
        for (ssize_t done = 0; done < got;) {
            ssize_t put = pwrite(to_fd, buffer + done, (size_t)(got - done), offset + done);
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                return error_errno(err, COLDSEAL_IO, "write");
            done += put;
        }
        offset += got;
    }
    return true;
}

static bool copy_data(int from_fd, int to_fd, off_t offset, off_t end, struct error *err)
{
    while (offset < end) {
        off_t from = offset, to = offset;
        ssize_t copied = copy_file_range(from_fd, &from, to_fd, &to, (size_t)(end - offset), 0);
        if (copied > 0)
            offset += copied;
        else if (copied < 0 && errno == ENOSPC)
            return error_errno(err, COLDSEAL_IO, "write");
        else
            return copy_by_hand(from_fd, to_fd, offset, end, err);
    }
    return true;
}

static bool copy_all(int from_fd, int to_fd, off_t size, struct error *err)
{
    off_t data, hole;

    for (off_t offset = 0; offset < size; offset = hole) {
        data = lseek(from_fd, offset, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return true;
        hole = data < 0 ? -1 : lseek(from_fd, data, SEEK_HOLE);
        if (hole < 0) /* no holes to be told of here */
            return copy_data(from_fd, to_fd, offset, size, err);
        if (!copy_data(from_fd, to_fd, data, hole, err))
            return false;
    }
    return true;
}

bool image_clone(int from_fd, int to_fd, struct error *err)
{
    struct stat from;

    if (fstat(from_fd, &from) != 0)
        return error_errno(err, COLDSEAL_IO, "stat");
    if (ioctl(to_fd, FICLONE, from_fd) == 0)
        return true;
    if (ftruncate(to_fd, from.st_size) != 0)
        return error_errno(err, COLDSEAL_IO, "set the size of the output");
    return copy_all(from_fd, to_fd, from.st_size, err);
}
