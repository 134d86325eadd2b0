/* SPDX-License-Identifier: Apache-2.0 */
/* A block of bytes on the heap, for what is not secret. */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/own.h"

struct bytes {
    size_t size;
    uint8_t data[];
};

/* Zero-filled. The caller frees it. NULL and err when there is no memory. */
struct bytes *bytes_new(size_t size, struct error *err);
struct bytes *bytes_copy(const void *data, size_t size, struct error *err);
void bytes_free(struct bytes *bytes);
DEFINE_OWNED(bytes);

/* Whole file at `path`, refused above `limit_bytes` (COLDSEAL_UNSUPPORTED); "-" is standard input.
 * COLDSEAL_IO when it cannot be read. */
struct bytes *bytes_read_file(const char *path, size_t limit_bytes, struct error *err);
/* The same from a descriptor that is read to its end and stays open. */
struct bytes *bytes_read_fd(int fd, size_t limit_bytes, struct error *err);

#endif
