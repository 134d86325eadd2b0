/* SPDX-License-Identifier: Apache-2.0 */
/* The disk over a new qcow2 file whose clusters are all placed. */
#ifndef IMAGE_QCOW2_PLANNED_H
#define IMAGE_QCOW2_PLANNED_H

#include "image/disk.h"
#include "image/qcow2_layout.h"
#include "image/sink.h"

/* Takes `layout` over, also on failure; `sink` is borrowed. A write outside of what is placed is
 * COLDSEAL_UNSUPPORTED; what is placed and not written reads as zeros. */
struct disk *qcow2_planned_new(struct sink *sink, struct qcow2_layout *layout, struct error *err);

#endif
