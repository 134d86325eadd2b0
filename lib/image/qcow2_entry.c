/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_entry.h"

#include <inttypes.h>

#include "core/checked.h"

#define SECTOR_BYTES 512

bool qcow2_l1_entry_decode(uint64_t entry, const struct qcow2_header *header, uint64_t file_bytes,
                           uint64_t *l2_offset, struct error *err)
{
    uint64_t offset = entry & QCOW2_ENTRY_OFFSET_MASK;

    if (offset % header->cluster_bytes != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 L2 table at byte %" PRIu64 " is not aligned to a cluster", offset);
    if (offset != 0 && !range_within(offset, header->cluster_bytes, file_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 L2 table at byte %" PRIu64 " lies beyond the end of the file",
                         offset);
    *l2_offset = offset;
    return true;
}

/* The descriptor's low 62 bits: offset in bytes, then the number of additional sectors, split
 * where the cluster size puts it. */
static bool decode_compressed(uint64_t entry, const struct qcow2_header *header,
                              uint64_t file_bytes, struct qcow2_cluster *cluster, struct error *err)
{
    uint32_t offset_bits = 62 - (header->cluster_bits - 8);
    uint64_t offset = entry & ((UINT64_C(1) << offset_bits) - 1);
    uint64_t sectors = ((entry & (QCOW2_ENTRY_COMPRESSED - 1)) >> offset_bits) + 1;
    uint64_t bytes = sectors * SECTOR_BYTES - offset % SECTOR_BYTES;

    if (offset >= file_bytes)
        return error_set(
            err, COLDSEAL_BAD_IMAGE,
            "qcow2 compressed cluster at byte %" PRIu64 " lies beyond the end of the file", offset);
    *cluster = (struct qcow2_cluster){
        .kind = QCOW2_COMPRESSED,
        .stored_bytes = (uint32_t)min_u64(bytes, file_bytes - offset),
        .host_offset = offset,
    };
    return true;
}

static bool decode_standard(uint64_t entry, const struct qcow2_header *header, uint64_t file_bytes,
                            struct qcow2_cluster *cluster, struct error *err)
{
    uint64_t offset = entry & QCOW2_ENTRY_OFFSET_MASK;
    bool zero = (entry & QCOW2_ENTRY_ZERO) != 0;

    if (offset % header->cluster_bytes != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 data cluster at byte %" PRIu64 " is not aligned", offset);
    if (zero && header->version < 3)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 version 2 has a zero cluster, which came with version 3");
    /* The last cluster of the file may be cut short: QEMU reads zeros behind the end. */
    if (!zero && offset != 0 && offset >= file_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 data cluster at byte %" PRIu64 " lies beyond the end of the file",
                         offset);
    *cluster = (struct qcow2_cluster){
        .kind = zero          ? QCOW2_ZERO
                : offset == 0 ? QCOW2_UNALLOCATED
                              : QCOW2_DATA,
        .copied = (entry & QCOW2_ENTRY_COPIED) != 0,
        .host_offset = offset,
    };
    return true;
}

/* One kind where all subclusters agree, which leaves QCOW2_MIXED to those that do not. */
static enum qcow2_cluster_kind kind_of_subclusters(uint32_t allocated, uint32_t zero)
{
    if (allocated == UINT32_MAX)
        return QCOW2_DATA;
    if (zero == UINT32_MAX)
        return QCOW2_ZERO;
    return allocated == 0 && zero == 0 ? QCOW2_UNALLOCATED : QCOW2_MIXED;
}

/* The bitmap's low half says which subclusters are allocated, its high half which read as zeros;
 * the entry's own zero bit is reserved then. */
static bool decode_extended(uint64_t entry, uint64_t bitmap, const struct qcow2_header *header,
                            uint64_t file_bytes, struct qcow2_cluster *cluster, struct error *err)
{
    uint32_t allocated = (uint32_t)bitmap;
    uint32_t zero = (uint32_t)(bitmap >> QCOW2_SUBCLUSTERS);

    if (!decode_standard(entry & ~QCOW2_ENTRY_ZERO, header, file_bytes, cluster, err))
        return false;
    if ((entry & QCOW2_ENTRY_ZERO) != 0 || (allocated & zero) != 0 ||
        (allocated != 0 && cluster->host_offset == 0))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 extended L2 entry of the cluster at byte %" PRIu64
                         " contradicts itself",
                         cluster->host_offset);
    cluster->kind = kind_of_subclusters(allocated, zero);
    cluster->allocated = allocated;
    cluster->zero = zero;
    return true;
}

bool qcow2_l2_entry_decode(uint64_t entry, uint64_t bitmap, const struct qcow2_header *header,
                           uint64_t file_bytes, struct qcow2_cluster *cluster, struct error *err)
{
    if ((entry & QCOW2_ENTRY_COMPRESSED) != 0)
        return decode_compressed(entry, header, file_bytes, cluster, err);
    if ((header->incompatible & QCOW2_INCOMPATIBLE_EXTENDED_L2) != 0)
        return decode_extended(entry, bitmap, header, file_bytes, cluster, err);
    return decode_standard(entry, header, file_bytes, cluster, err);
}
