/* SPDX-License-Identifier: Apache-2.0 */
#include "image/file_io.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_size(int fd, uint64_t *size_bytes, struct error *err)
{
    struct stat file;

    if (fstat(fd, &file) != 0)
        return error_errno(err, COLDSEAL_IO, "look at the image");
    if (S_ISREG(file.st_mode)) {
        *size_bytes = (uint64_t)file.st_size;
        return true;
    }
    if (!S_ISBLK(file.st_mode))
        return error_set(err, COLDSEAL_UNSUPPORTED, "neither a regular file nor a block device");
    if (ioctl(fd, BLKGETSIZE64, size_bytes) != 0)
        return error_errno(err, COLDSEAL_IO, "ask for the size of the block device");
    return true;
}

/* Reads until `size` or the end of the file; `*got` is what there was. */
static bool read_at(int fd, uint8_t *buffer, size_t size, uint64_t offset, size_t *got,
                    struct error *err)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, buffer + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, COLDSEAL_IO, "read at byte %" PRIu64, offset + done);
        if (n == 0)
            break;
        done += (size_t)n;
    }
    *got = done;
    return true;
}

bool file_read_at(int fd, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    size_t got;

    if (!read_at(fd, buffer, size, offset, &got, err))
        return false;
    if (got < size)
        return error_set(err, COLDSEAL_IO, "the file ends at byte %" PRIu64, offset + got);
    return true;
}

bool file_read_padded_at(int fd, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    size_t got;

    if (!read_at(fd, buffer, size, offset, &got, err))
        return false;
    memset((uint8_t *)buffer + got, 0, size - got);
    return true;
}

bool file_write_at(int fd, const void *buffer, size_t size, uint64_t offset, struct error *err)
{
    const uint8_t *data = buffer;

    while (size > 0) {
        ssize_t n = pwrite(fd, data, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, COLDSEAL_IO, "write at byte %" PRIu64, offset);
        data += n;
        size -= (size_t)n;
        offset += (size_t)n;
    }
    return true;
}

bool file_sync(int fd, struct error *err)
{
    return fdatasync(fd) == 0 || error_errno(err, COLDSEAL_IO, "sync");
}
