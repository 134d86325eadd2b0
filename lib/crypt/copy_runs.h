/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a region are written. Private to lib/crypt. */
#ifndef CRYPT_COPY_RUNS_H
#define CRYPT_COPY_RUNS_H

#include "crypt/copy.h"

/* One thread's view of the source. Asking for an extent can cost as much as the extent is long (a
 * file's SEEK_HOLE), so the last answer is kept. */
struct copy_view {
    struct disk *source;
    struct extent known; /* length 0: nothing yet */
};

struct copy_run {
    uint64_t length_bytes;
    bool written;
};

/* The run that starts at `offset` of the region and ends at `limit` at the latest. In a crypted
 * region both are multiples of COPY_BLOCK_BYTES, but for the region's end. Where a long range is
 * asked for in pieces, the pieces say what the whole would. */
bool copy_run_at(struct copy_view *view, const struct copy_region *region, uint64_t offset,
                 uint64_t limit, struct copy_run *run, struct error *err);

#endif
