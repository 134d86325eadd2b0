/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes at an offset of a file or block device. All are COLDSEAL_IO on failure. */
#ifndef IMAGE_FILE_IO_H
#define IMAGE_FILE_IO_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Bytes of a regular file or a block device; anything else is COLDSEAL_UNSUPPORTED. */
bool file_size(int fd, uint64_t *size_bytes, struct error *err);
/* All of `size` bytes; an end of file before that is a failure. */
bool file_read_at(int fd, void *buffer, size_t size, uint64_t offset, struct error *err);
/* The same, but what lies behind the end of the file reads as zeros. */
bool file_read_padded_at(int fd, void *buffer, size_t size, uint64_t offset, struct error *err);
bool file_write_at(int fd, const void *buffer, size_t size, uint64_t offset, struct error *err);
bool file_sync(int fd, struct error *err);

#endif
