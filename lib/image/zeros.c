/* SPDX-License-Identifier: Apache-2.0 */
#include "image/zeros.h"

#include <string.h>

#include "core/checked.h"

#define PIECE_BYTES ((size_t)64 << 10)

static const uint8_t zeros[PIECE_BYTES];

/* The part of [offset, end) that comes first, of one kind; its length. */
static bool next_part(struct disk *disk, uint64_t offset, uint64_t end, enum extent_kind *kind,
                      uint64_t *length, struct error *err)
{
    struct extent extent;

    if (!disk_extent(disk, offset, &extent, err))
        return false;
    *kind = extent.kind;
    *length = min_u64(extent.length_bytes, end - offset);
    return true;
}

bool zeros_read_around(struct disk *disk, void *buffer, size_t size, uint64_t offset,
                       struct error *err)
{
    uint64_t end, length;
    enum extent_kind kind;

    if (!checked_add(offset, size, &end))
        return error_set(err, COLDSEAL_BUG, "a range that is no range");
    for (uint64_t at = offset; at < end; at += length) {
        if (!next_part(disk, at, end, &kind, &length, err))
            return false;
        if (kind == EXTENT_DATA &&
            !disk_pread(disk, (uint8_t *)buffer + (at - offset), length, at, err))
            return false;
    }
    return true;
}

static bool write_piece(struct disk *disk, uint64_t offset, size_t size, struct error *err)
{
    uint8_t found[PIECE_BYTES];

    if (!disk_pread(disk, found, size, offset, err))
        return false;
    return memcmp(found, zeros, size) == 0 || disk_pwrite(disk, zeros, size, offset, err);
}

bool zeros_write(struct disk *disk, uint64_t offset, uint64_t size, struct error *err)
{
    uint64_t end, length;
    enum extent_kind kind;

    if (!checked_add(offset, size, &end))
        return error_set(err, COLDSEAL_BUG, "a range that is no range");
    for (uint64_t at = offset; at < end; at += length) {
        if (!next_part(disk, at, end, &kind, &length, err))
            return false;
        if (kind == EXTENT_DATA) {
            length = min_u64(length, PIECE_BYTES);
            if (!write_piece(disk, at, length, err))
                return false;
        }
    }
    return true;
}
