/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct bytes *bytes_new(size_t size, struct error *err)
{
    if (size > SIZE_MAX - sizeof(struct bytes)) {
        error_no_memory(err);
        return NULL;
    }
    struct bytes *bytes = calloc(1, sizeof(*bytes) + size);
    if (bytes == NULL) {
        error_no_memory(err);
        return NULL;
    }
    bytes->size = size;
    return bytes;
}

struct bytes *bytes_copy(const void *data, size_t size, struct error *err)
{
    struct bytes *bytes = bytes_new(size, err);

    if (bytes != NULL && size > 0)
        memcpy(bytes->data, data, size);
    return bytes;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes);
}

static struct bytes *bytes_resize(struct bytes *bytes, size_t size, struct error *err)
{
    struct bytes *resized = realloc(bytes, sizeof(*bytes) + size);

    if (resized == NULL) {
        free(bytes);
        error_no_memory(err);
        return NULL;
    }
    resized->size = size;
    return resized;
}

struct bytes *bytes_read_fd(int fd, size_t limit_bytes, struct error *err)
{
    size_t used = 0;
    OWNED(bytes) bytes = bytes_new(4096, err);

    while (bytes != NULL) {
        if (used == bytes->size) {
            bytes = bytes_resize(TAKE(bytes), used * 2, err);
            continue;
        }
        ssize_t got = read(fd, bytes->data + used, bytes->size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_errno(err, COLDSEAL_IO, "read");
            return NULL;
        }
        used += (size_t)got;
        if (used > limit_bytes) {
            error_set(err, COLDSEAL_UNSUPPORTED, "larger than %zu bytes", limit_bytes);
            return NULL;
        }
        if (got == 0)
            return bytes_resize(TAKE(bytes), used, err);
    }
    return NULL;
}

struct bytes *bytes_read_file(const char *path, size_t limit_bytes, struct error *err)
{
    if (strcmp(path, "-") == 0)
        return bytes_read_fd(STDIN_FILENO, limit_bytes, err);
    OWNED_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        error_errno(err, COLDSEAL_IO, "open %s", path);
        return NULL;
    }
    struct bytes *bytes = bytes_read_fd(fd, limit_bytes, err);
    if (bytes == NULL)
        error_wrap(err, "%s", path);
    return bytes;
}
