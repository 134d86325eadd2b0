/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ranges.h"

#include <inttypes.h>

#include "core/checked.h"

#define RANGES_FIRST_CAPACITY 64

struct ranges *ranges_new(struct error *err)
{
    struct ranges *ranges = calloc(1, sizeof(*ranges));

    if (ranges == NULL)
        error_no_memory(err);
    return ranges;
}

void ranges_free(struct ranges *ranges)
{
    if (ranges == NULL)
        return;
    free(ranges->items);
    free(ranges);
}

static uint64_t range_end(const struct range *range)
{
    return range->offset_bytes + range->length_bytes;
}

static bool make_room(struct ranges *ranges, struct error *err)
{
    if (ranges->count < ranges->capacity)
        return true;
    size_t capacity = ranges->capacity == 0 ? RANGES_FIRST_CAPACITY : ranges->capacity * 2;
    struct range *items = reallocarray(ranges->items, capacity, sizeof(*items));
    if (items == NULL)
        return error_no_memory(err);
    ranges->items = items;
    ranges->capacity = capacity;
    return true;
}

bool ranges_append(struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes,
                   struct error *err)
{
    struct range *last = ranges->count == 0 ? NULL : &ranges->items[ranges->count - 1];
    uint64_t end;

    if (!checked_add(offset_bytes, length_bytes, &end) ||
        (last != NULL && offset_bytes < range_end(last)))
        return error_set(err, COLDSEAL_BUG, "range at byte %" PRIu64 " is out of order",
                         offset_bytes);
    if (length_bytes == 0)
        return true;
    if (last != NULL && offset_bytes == range_end(last)) {
        last->length_bytes += length_bytes;
        return true;
    }
    if (!make_room(ranges, err))
        return false;
    ranges->items[ranges->count++] = (struct range){offset_bytes, length_bytes};
    return true;
}

size_t ranges_find(const struct ranges *ranges, uint64_t offset_bytes)
{
    size_t low = 0;
    size_t high = ranges->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (range_end(&ranges->items[middle]) > offset_bytes)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint64_t ranges_run(const struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes,
                    bool *inside)
{
    size_t i = ranges_find(ranges, offset_bytes);

    *inside = false;
    if (i == ranges->count)
        return length_bytes;
    const struct range *range = &ranges->items[i];
    if (range->offset_bytes > offset_bytes)
        return min_u64(length_bytes, range->offset_bytes - offset_bytes);
    *inside = true;
    return min_u64(length_bytes, range_end(range) - offset_bytes);
}

uint64_t ranges_total(const struct ranges *ranges)
{
    uint64_t total = 0;

    for (size_t i = 0; i < ranges->count; i++)
        total += ranges->items[i].length_bytes;
    return total;
}
