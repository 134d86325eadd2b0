/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded cursor over untrusted bytes. Every read says whether the bytes were there; a read that
 * fails consumes nothing. The bytes are borrowed. */
#ifndef CORE_READER_H
#define CORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *data;
    size_t size;
    size_t position;
};

struct reader reader_over(const void *data, size_t size);
size_t reader_left(const struct reader *r);

bool read_u8(struct reader *r, uint8_t *value);
bool read_u16le(struct reader *r, uint16_t *value);
bool read_u32le(struct reader *r, uint32_t *value);
bool read_u64le(struct reader *r, uint64_t *value);
bool read_u16be(struct reader *r, uint16_t *value);
bool read_u32be(struct reader *r, uint32_t *value);
bool read_u64be(struct reader *r, uint64_t *value);
/* Copies `size` bytes to `out`. */
bool read_bytes(struct reader *r, void *out, size_t size);
/* Points `*view` at `size` bytes inside the reader. */
bool read_view(struct reader *r, const uint8_t **view, size_t size);
/* A reader over the next `size` bytes. */
bool read_sub(struct reader *r, struct reader *sub, size_t size);
bool reader_skip(struct reader *r, size_t size);
/* Moves to an absolute position. */
bool reader_seek(struct reader *r, size_t position);

#endif
