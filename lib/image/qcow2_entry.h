/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the L1 and L2 tables, from numbers to meaning. */
#ifndef IMAGE_QCOW2_ENTRY_H
#define IMAGE_QCOW2_ENTRY_H

#include "image/qcow2_map.h"

#define QCOW2_ENTRY_BYTES 8 /* half of an extended L2 entry */
/* Bits 9 to 55: a host offset. */
#define QCOW2_ENTRY_OFFSET_MASK UINT64_C(0x00fffffffffffe00)
#define QCOW2_ENTRY_COPIED (UINT64_C(1) << 63)
#define QCOW2_ENTRY_COMPRESSED (UINT64_C(1) << 62)
#define QCOW2_ENTRY_ZERO UINT64_C(1)

/* Offset of the L2 table, 0 when there is none. COLDSEAL_BAD_IMAGE. */
bool qcow2_l1_entry_decode(uint64_t entry, const struct qcow2_header *header, uint64_t file_bytes,
                           uint64_t *l2_offset, struct error *err);
/* `bitmap` is the second half of an extended entry, else 0. COLDSEAL_BAD_IMAGE when the entry is
 * malformed or points beyond the end of the file. */
bool qcow2_l2_entry_decode(uint64_t entry, uint64_t bitmap, const struct qcow2_header *header,
                           uint64_t file_bytes, struct qcow2_cluster *cluster, struct error *err);

#endif
