/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reader.h"

#include <string.h>

struct reader reader_over(const void *data, size_t size)
{
    return (struct reader){.data = data, .size = size, .position = 0};
}

size_t reader_left(const struct reader *r)
{
    return r->size - r->position;
}

bool read_view(struct reader *r, const uint8_t **view, size_t size)
{
    if (size > reader_left(r))
        return false;
    *view = r->data + r->position;
    r->position += size;
    return true;
}

bool read_bytes(struct reader *r, void *out, size_t size)
{
    const uint8_t *view;

    if (!read_view(r, &view, size))
        return false;
    if (size > 0)
        memcpy(out, view, size);
    return true;
}

bool read_sub(struct reader *r, struct reader *sub, size_t size)
{
    const uint8_t *view;

    if (!read_view(r, &view, size))
        return false;
    *sub = reader_over(view, size);
    return true;
}

bool reader_skip(struct reader *r, size_t size)
{
    const uint8_t *view;

    return read_view(r, &view, size);
}

bool reader_seek(struct reader *r, size_t position)
{
    if (position > r->size)
        return false;
    r->position = position;
    return true;
}

static bool read_number(struct reader *r, size_t size, bool big_endian, uint64_t *value)
{
    const uint8_t *view;
    uint64_t number = 0;

    if (!read_view(r, &view, size))
        return false;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | view[big_endian ? i : size - 1 - i];
    *value = number;
    return true;
}

#define DEFINE_READ(name, type, big_endian)                       \
    bool name(struct reader *r, type *value)                      \
    {                                                             \
        uint64_t number;                                          \
                                                                  \
        if (!read_number(r, sizeof(*value), big_endian, &number)) \
            return false;                                         \
        *value = (type)number;                                    \
        return true;                                              \
    }

DEFINE_READ(read_u8, uint8_t, false)
DEFINE_READ(read_u16le, uint16_t, false)
DEFINE_READ(read_u32le, uint32_t, false)
DEFINE_READ(read_u64le, uint64_t, false)
DEFINE_READ(read_u16be, uint16_t, true)
DEFINE_READ(read_u32be, uint32_t, true)
DEFINE_READ(read_u64be, uint64_t, true)
