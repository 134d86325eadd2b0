/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/checked.h"
#include "core/temporary.h"
#include "image/file_io.h"
#include "image/nbd.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define HOLE_BYTES ((size_t)64 << 10) /* zeros of this length need not be written */

struct input {
    const char *name;
    int copy_fd;      /* of what is no file, or -1 */
    char fd_path[48]; /* of standard input or of the copy; empty: the name is the path */
};

void input_free(struct input *input)
{
    if (input == NULL)
        return;
    if (input->copy_fd >= 0)
        close(input->copy_fd);
    free(input);
}

static const uint8_t zeros[HOLE_BYTES];

/* At `offset` of a file that is empty from there on. */
static bool write_sparsely(int fd, const uint8_t *data, size_t size, uint64_t offset,
                           struct error *err)
{
    for (size_t done = 0, part; done < size; done += part) {
        part = (size_t)min_u64(size - done, HOLE_BYTES);
        if (memcmp(data + done, zeros, part) != 0 &&
            !file_write_at(fd, data + done, part, offset + done, err))
            return false;
    }
    return true;
}

/* 0 at the end. */
static bool read_chunk(int fd, uint8_t *buffer, size_t *size, struct error *err)
{
    for (*size = 0; *size < CHUNK_BYTES;) {
        ssize_t got = read(fd, buffer + *size, CHUNK_BYTES - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, COLDSEAL_IO, "read standard input");
        if (got == 0)
            return true;
        *size += (size_t)got;
    }
    return true;
}

static bool set_length(int fd, uint64_t size_bytes, struct error *err)
{
    return ftruncate(fd, (off_t)size_bytes) == 0 ||
           error_errno(err, COLDSEAL_IO, "set the length of a temporary file");
}

static bool copy_stream(int from, int to, struct error *err)
{
    OWNED_PTR(uint8_t) buffer = malloc(CHUNK_BYTES);
    uint64_t offset = 0;
    size_t size;

    if (buffer == NULL)
        return error_no_memory(err);
    do {
        if (!read_chunk(from, buffer, &size, err) || !write_sparsely(to, buffer, size, offset, err))
            return false;
        offset += size;
    } while (size > 0);
    return set_length(to, offset, err);
}

static bool copy_disk(struct disk *disk, int to, struct error *err)
{
    OWNED_PTR(uint8_t) buffer = malloc(CHUNK_BYTES);
    struct extent extent;

    if (buffer == NULL)
        return error_no_memory(err);
    for (uint64_t offset = 0; offset < disk_size(disk); offset += extent.length_bytes) {
        if (!disk_extent(disk, offset, &extent, err))
            return false;
        if (extent.kind == EXTENT_ZERO)
            continue;
        extent.length_bytes = min_u64(extent.length_bytes, CHUNK_BYTES);
        if (!disk_pread(disk, buffer, extent.length_bytes, offset, err) ||
            !write_sparsely(to, buffer, extent.length_bytes, offset, err))
            return false;
    }
    return set_length(to, disk_size(disk), err);
}

/* From its beginning, since that is where whoever opens it anew will read. */
static bool can_seek(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 && (S_ISREG(file.st_mode) || S_ISBLK(file.st_mode)) &&
           lseek(fd, 0, SEEK_CUR) == 0;
}

/* Not /proc/self: QEMU in an appliance opens it too. */
static void use_fd(struct input *input, int fd)
{
    snprintf(input->fd_path, sizeof(input->fd_path), "/proc/%ld/fd/%d", (long)getpid(), fd);
}

static bool take_stdin(struct input *input, struct error *err)
{
    if (isatty(STDIN_FILENO))
        return error_set(err, COLDSEAL_USAGE, "standard input is a terminal, not an image");
    if (can_seek(STDIN_FILENO)) {
        use_fd(input, STDIN_FILENO);
        return true;
    }
    input->copy_fd = temporary_file(err);
    if (input->copy_fd < 0 || !copy_stream(STDIN_FILENO, input->copy_fd, err))
        return false;
    use_fd(input, input->copy_fd);
    return true;
}

struct input *input_open(const char *name, struct error *err)
{
    OWNED(input) input = calloc(1, sizeof(*input));

    if (input == NULL) {
        error_no_memory(err);
        return NULL;
    }
    input->copy_fd = -1;
    input->name = name;
    return strcmp(name, "-") != 0 || take_stdin(input, err) ? TAKE(input) : NULL;
}

const char *input_name(const struct input *input)
{
    return input->name;
}

const char *input_path(const struct input *input)
{
    return input->fd_path[0] == '\0' ? input->name : input->fd_path;
}

bool input_is_file(const struct input *input)
{
    return !nbd_is_uri(input->name);
}

const char *input_file(struct input *input, struct disk *disk, struct error *err)
{
    if (input->copy_fd < 0 && nbd_is_uri(input->name)) {
        input->copy_fd = temporary_file(err);
        if (input->copy_fd < 0 || !copy_disk(disk, input->copy_fd, err))
            return NULL;
        use_fd(input, input->copy_fd);
    }
    return input_path(input);
}
