/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of a disk that are zeros for the most part. */
#ifndef IMAGE_ZEROS_H
#define IMAGE_ZEROS_H

#include "image/disk.h"

/* As disk_pread() into a `buffer` of zeros. What the disk knows to be zeros is not read, and memory
 * that nobody has touched stays so. */
bool zeros_read_around(struct disk *disk, void *buffer, size_t size, uint64_t offset,
                       struct error *err);
/* From now on the range reads as zeros; where it does already, nothing is written. */
bool zeros_write(struct disk *disk, uint64_t offset, uint64_t size, struct error *err);

#endif
