/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the metadata of new qcow2 files: version 3, 64 KiB clusters, 16-bit refcounts. */
#ifndef IMAGE_QCOW2_WRITE_H
#define IMAGE_QCOW2_WRITE_H

#include "image/output.h"
#include "image/qcow2_layout.h"

/* All metadata for `layout` into the empty file `fd`, which gets its final length. `backing` may be
 * NULL. */
bool qcow2_write_metadata(int fd, const struct qcow2_layout *layout,
                          const struct image_backing *backing, struct error *err);

#endif
