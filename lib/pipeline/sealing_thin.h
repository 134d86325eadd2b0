/* SPDX-License-Identifier: Apache-2.0 */
/* What a new header changes in a disk, and nothing else of the disk: for outputs whose cost does
 * not depend on how large the disk is. */
#ifndef PIPELINE_SEALING_THIN_H
#define PIPELINE_SEALING_THIN_H

#include "image/output.h"
#include "pipeline/sealing.h"

/* The disk with the new header in it. */
struct sealed_view {
    struct disk *disk;
    uint64_t header_offset;
    const struct bytes *header;
};
bool sealed_view_read(const struct sealed_view *view, uint8_t *data, size_t size, uint64_t offset,
                      struct error *err);

#define SEALED_BLOCK_BYTES ((size_t)4096)
typedef bool sealed_block(void *context, uint64_t offset, const uint8_t *data, size_t size,
                          struct error *err);
/* Calls `visit` for each block of the range of whole units that holds the header; the last is
 * shorter where the disk is. */
bool sealed_view_each_block(const struct sealed_view *view, uint64_t unit, sealed_block *visit,
                            void *context, struct error *err);
bool sealed_block_is_zero(const uint8_t *data, size_t size);

/* A qcow2 over the image, with the clusters of the new header; to be committed. */
struct image_output *sealing_overlay(const struct sealing *work, struct error *err);

#endif
