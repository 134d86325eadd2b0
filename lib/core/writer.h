/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded cursor that writes into memory of the caller. A write that does not fit sets `failed`
 * and changes nothing; the caller asks once, at the end. */
#ifndef CORE_WRITER_H
#define CORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
    uint8_t *data;
    size_t size;
    size_t position;
    bool failed;
};

struct writer writer_over(void *data, size_t size);
void write_u8(struct writer *w, uint8_t value);
void write_u16le(struct writer *w, uint16_t value);
void write_u32le(struct writer *w, uint32_t value);
void write_u64le(struct writer *w, uint64_t value);
void write_u16be(struct writer *w, uint16_t value);
void write_u32be(struct writer *w, uint32_t value);
void write_u64be(struct writer *w, uint64_t value);
void write_bytes(struct writer *w, const void *data, size_t size);
/* `size` zero bytes. */
void write_zeros(struct writer *w, size_t size);

#endif
