/* SPDX-License-Identifier: Apache-2.0 */
#include "core/writer.h"

#include <string.h>

struct writer writer_over(void *data, size_t size)
{
    return (struct writer){.data = data, .size = size, .position = 0, .failed = false};
}

static uint8_t *writer_claim(struct writer *w, size_t size)
{
    if (w->failed || size > w->size - w->position) {
        w->failed = true;
        return NULL;
    }
    uint8_t *place = w->data + w->position;
    w->position += size;
    return place;
}

void write_bytes(struct writer *w, const void *data, size_t size)
{
    uint8_t *place = writer_claim(w, size);

    if (place != NULL && size > 0)
        memcpy(place, data, size);
}

void write_zeros(struct writer *w, size_t size)
{
    uint8_t *place = writer_claim(w, size);

    if (place != NULL && size > 0)
        memset(place, 0, size);
}

static void write_number(struct writer *w, uint64_t value, size_t size, bool big_endian)
{
    uint8_t *place = writer_claim(w, size);

    if (place == NULL)
        return;
    for (size_t i = 0; i < size; i++)
        place[big_endian ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

void write_u8(struct writer *w, uint8_t value)
{
    write_number(w, value, 1, false);
}

void write_u16le(struct writer *w, uint16_t value)
{
    write_number(w, value, 2, false);
}

void write_u32le(struct writer *w, uint32_t value)
{
    write_number(w, value, 4, false);
}

void write_u64le(struct writer *w, uint64_t value)
{
    write_number(w, value, 8, false);
}

void write_u16be(struct writer *w, uint16_t value)
{
    write_number(w, value, 2, true);
}

void write_u32be(struct writer *w, uint32_t value)
{
    write_number(w, value, 4, true);
}

void write_u64be(struct writer *w, uint64_t value)
{
    write_number(w, value, 8, true);
}
