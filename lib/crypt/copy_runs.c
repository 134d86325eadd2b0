/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/copy_runs.h"

#include "core/checked.h"

/* Up to where the source has bytes for this region. */
static uint64_t source_end(struct disk *source, const struct copy_region *region)
{
    uint64_t size = disk_size(source);
    uint64_t there = size > region->source_offset_bytes ? size - region->source_offset_bytes : 0;

    return min_u64(there, region->length_bytes);
}

static bool known_extent(struct copy_view *view, uint64_t position, struct error *err)
{
    const struct extent *known = &view->known;

    if (position >= known->offset_bytes && position - known->offset_bytes < known->length_bytes)
        return true;
    return disk_extent(view->source, position, &view->known, err);
}

static bool extent_at(struct copy_view *view, const struct copy_region *region, uint64_t offset,
                      uint64_t limit, struct copy_run *run, struct error *err)
{
    uint64_t end = source_end(view->source, region);
    uint64_t position = region->source_offset_bytes + offset;

    *run = (struct copy_run){limit - offset, false};
    if (offset >= end)
        return true;
    if (!known_extent(view, position, err))
        return false;
    uint64_t left = view->known.length_bytes - (position - view->known.offset_bytes);
    run->written = view->known.kind == EXTENT_DATA;
    run->length_bytes = min_u64(left, min_u64(limit, end) - offset);
    return true;
}

/* As the caller's list or the source has it, whatever its boundaries. */
static bool piece_at(struct copy_view *view, const struct copy_region *region, uint64_t offset,
                     uint64_t limit, struct copy_run *run, struct error *err)
{
    if (region->used == NULL && region->mode != COPY_ENCRYPT)
        return extent_at(view, region, offset, limit, run, err);
    run->written = true;
    run->length_bytes = limit - offset;
    if (region->used != NULL)
        run->length_bytes = ranges_run(region->used, offset, limit - offset, &run->written);
    return true;
}

/* How many whole blocks from `offset` are holes, in bytes; the last block may be short. */
static bool hole_at(struct copy_view *view, const struct copy_region *region, uint64_t offset,
                    uint64_t limit, uint64_t *hole, struct error *err)
{
    struct copy_run piece;
    uint64_t end = offset;

    while (end < limit) {
        if (!piece_at(view, region, end, limit, &piece, err))
            return false;
        if (piece.written)
            break;
        end += piece.length_bytes;
    }
    *hole = end == limit ? end - offset : round_down(end - offset, COPY_BLOCK_BYTES);
    return true;
}

/* The block at `offset` is no hole: to the next one that is. */
static bool data_at(struct copy_view *view, const struct copy_region *region, uint64_t offset,
                    uint64_t limit, uint64_t *length, struct error *err)
{
    struct copy_run piece;
    uint64_t hole = 0;
    uint64_t end = offset;

    while (hole == 0) {
        end = min_u64(limit, end + COPY_BLOCK_BYTES);
        if (end == limit)
            break;
        if (!piece_at(view, region, end, limit, &piece, err))
            return false;
        if (piece.written && piece.length_bytes >= COPY_BLOCK_BYTES)
            end += round_down(piece.length_bytes, COPY_BLOCK_BYTES) - COPY_BLOCK_BYTES;
        else if (!hole_at(view, region, end, limit, &hole, err))
            return false;
    }
    *length = end - offset;
    return true;
}

bool copy_run_at(struct copy_view *view, const struct copy_region *region, uint64_t offset,
                 uint64_t limit, struct copy_run *run, struct error *err)
{
    if (region->mode == COPY_PLAIN)
        return piece_at(view, region, offset, limit, run, err);
    if (!hole_at(view, region, offset, limit, &run->length_bytes, err))
        return false;
    run->written = run->length_bytes == 0;
    return !run->written || data_at(view, region, offset, limit, &run->length_bytes, err);
}
