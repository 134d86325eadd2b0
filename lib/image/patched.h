/* SPDX-License-Identifier: Apache-2.0 */
/* A disk as it will be: reads go to another one, and what is written stays in memory. */
#ifndef IMAGE_PATCHED_H
#define IMAGE_PATCHED_H

#include "image/disk.h"

/* For a few small writes, such as a field in a file. */
#define PATCH_LIMIT 64
#define PATCH_LIMIT_BYTES ((size_t)64 << 10)

/* `base` is borrowed and not changed. Writes from one thread only; COLDSEAL_BUG beyond the limits.
 */
struct disk *patched_disk_new(struct disk *base, struct error *err);

#endif
