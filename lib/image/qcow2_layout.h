/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything lies in a qcow2 file whose data clusters are known beforehand: header, refcount
 * table, refcount blocks, L1 table, L2 tables, data in the order of the disk. Pure numbers. */
#ifndef IMAGE_QCOW2_LAYOUT_H
#define IMAGE_QCOW2_LAYOUT_H

#include "core/own.h"
#include "image/ranges.h"

#define QCOW2_OUT_CLUSTER_BITS 16
#define QCOW2_OUT_CLUSTER_BYTES (UINT64_C(1) << QCOW2_OUT_CLUSTER_BITS)
/* Of one L2 table. */
#define QCOW2_OUT_L2_ENTRIES (QCOW2_OUT_CLUSTER_BYTES / 8)
/* Of 16 bits, in one refcount block. */
#define QCOW2_OUT_BLOCK_ENTRIES (QCOW2_OUT_CLUSTER_BYTES / 2)

struct qcow2_layout {
    uint64_t size_bytes;
    struct ranges *clusters; /* of the disk, rounded out to whole clusters */
    uint64_t *data_offsets;  /* in the file, for each of these ranges */
    uint64_t l1_entries;
    uint64_t l2_tables;
    uint64_t refcount_blocks;
    uint64_t refcount_table_clusters;
    uint64_t refcount_block_offset;
    uint64_t l1_offset;
    uint64_t l2_offset;
    uint64_t data_offset;
    uint64_t file_bytes;
};

/* For a disk of `size_bytes` of which `allocated` will be written. The refcount table follows the
 * header. COLDSEAL_UNSUPPORTED when the disk is too large. */
struct qcow2_layout *qcow2_layout_new(uint64_t size_bytes, const struct ranges *allocated,
                                      struct error *err);
void qcow2_layout_free(struct qcow2_layout *layout);
DEFINE_OWNED(qcow2_layout);

/* The first part of [offset, offset + length) of the disk that is allocated throughout, at
 * `*host_offset`, or not allocated throughout (`*allocated` false): its length. */
uint64_t qcow2_layout_find(const struct qcow2_layout *layout, uint64_t offset, uint64_t length,
                           bool *allocated, uint64_t *host_offset);

#endif
