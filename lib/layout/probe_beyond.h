/* SPDX-License-Identifier: Apache-2.0 */
/* What of a file system lies on other devices. Private to layout/. */
#ifndef LAYOUT_PROBE_BEYOND_H
#define LAYOUT_PROBE_BEYOND_H

#include "layout/probe.h"

/* Fills volume->beyond from the superblock of a file system of volume->type. COLDSEAL_IO when it
 * cannot be read. */
bool volume_find_beyond(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                        struct volume *volume, struct error *err);

#endif
