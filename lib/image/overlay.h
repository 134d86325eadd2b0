/* SPDX-License-Identifier: Apache-2.0 */
/* A disk with changes that lie in a file of their own, which is sparse and no image: what is
 * written goes there, block by block, and the rest is read from the disk behind it. */
#ifndef IMAGE_OVERLAY_H
#define IMAGE_OVERLAY_H

#include "image/disk.h"

/* Both are borrowed; `fd` is of an empty file that can be read and written. */
struct disk *overlay_disk_new(struct disk *base, int fd, struct error *err);

#endif
