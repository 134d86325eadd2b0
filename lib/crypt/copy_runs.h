/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a region are written. Private to lib/crypt. */
#ifndef CRYPT_COPY_RUNS_H
#define CRYPT_COPY_RUNS_H

#include "crypt/copy.h"

struct copy_run {
    uint64_t length_bytes;
    bool written;
};

/* The run that starts at `offset` of the region and ends at `limit` at the latest. In a crypted
 * region both are multiples of COPY_BLOCK_BYTES, but for the region's end. Where a long range is
 * asked for in pieces, the pieces say what the whole would. */
bool copy_run_at(struct disk *source, const struct copy_region *region, uint64_t offset,
                 uint64_t limit, struct copy_run *run, struct error *err);

#endif
