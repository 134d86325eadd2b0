/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list of byte ranges that neither overlap nor touch. */
#ifndef IMAGE_RANGES_H
#define IMAGE_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/own.h"

struct range {
    uint64_t offset_bytes;
    uint64_t length_bytes;
};

struct ranges {
    struct range *items;
    size_t count;
    size_t capacity;
};

struct ranges *ranges_new(struct error *err);
void ranges_free(struct ranges *ranges);
DEFINE_OWNED(ranges);
/* Adds a range at or behind the end of the last one; joins neighbours; a length of 0 adds nothing.
 * COLDSEAL_BUG when it comes before the end of the last. */
bool ranges_append(struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes,
                   struct error *err);
/* The index of the first range that ends behind `offset_bytes`; `count` when there is none. */
size_t ranges_find(const struct ranges *ranges, uint64_t offset_bytes);
/* The part of [offset, offset + length) that comes first: in the list (*inside true) or not. */
uint64_t ranges_run(const struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes,
                    bool *inside);
uint64_t ranges_total(const struct ranges *ranges);

#endif
