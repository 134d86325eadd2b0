/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a qcow2 image, versions 2 and 3. Format: QEMU, docs/interop/qcow2.txt. */
#ifndef IMAGE_QCOW2_HEADER_H
#define IMAGE_QCOW2_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define QCOW2_MAGIC UINT32_C(0x514649fb) /* "QFI\xfb" */
/* Both versions' fields, as far as this program knows them. */
#define QCOW2_HEADER_V2_BYTES 72
#define QCOW2_HEADER_V3_BYTES 104
#define QCOW2_HEADER_READ_BYTES 112

#define QCOW2_MIN_CLUSTER_BITS 9
#define QCOW2_MAX_CLUSTER_BITS 21
/* QEMU's own limits, which keep what a header makes us allocate small. */
#define QCOW2_MAX_L1_BYTES (UINT64_C(32) << 20)
#define QCOW2_MAX_REFCOUNT_TABLE_BYTES (UINT64_C(8) << 20)
/* Larger than any disk that a cloud has; bounds the walk over all clusters. */
#define QCOW2_MAX_DISK_BYTES (UINT64_C(64) << 40)

#define QCOW2_INCOMPATIBLE_DIRTY UINT64_C(1)
#define QCOW2_INCOMPATIBLE_CORRUPT UINT64_C(2)
#define QCOW2_INCOMPATIBLE_DATA_FILE UINT64_C(4)
#define QCOW2_INCOMPATIBLE_COMPRESSION UINT64_C(8)
#define QCOW2_INCOMPATIBLE_EXTENDED_L2 UINT64_C(16)

/* compression_type */
enum qcow2_compression { QCOW2_COMPRESSION_ZLIB = 0, QCOW2_COMPRESSION_ZSTD = 1 };

/* A cluster's parts when L2 entries are extended: one bit each in two words of 32. */
#define QCOW2_SUBCLUSTERS 32
/* QEMU makes no smaller subclusters than sectors. */
#define QCOW2_EXTENDED_MIN_CLUSTER_BITS 14

struct qcow2_header {
    uint32_t version;
    uint64_t backing_file_offset; /* 0: none */
    uint32_t backing_file_size;
    uint32_t cluster_bits;
    uint64_t size_bytes;
    uint32_t crypt_method;
    uint32_t l1_entries;
    uint64_t l1_offset;
    uint64_t refcount_table_offset;
    uint32_t refcount_table_clusters;
    uint32_t snapshot_count;
    uint64_t incompatible;
    uint64_t autoclear;
    uint32_t refcount_order;
    uint32_t header_bytes;
    enum qcow2_compression compression_type;
    /* Computed */
    uint64_t cluster_bytes;
    uint64_t l2_entry_bytes;  /* 8, or 16 when extended */
    uint64_t l2_entries;      /* of one L2 table, which fills a cluster */
    uint64_t l1_entries_used; /* what `size_bytes` needs; the rest of the table is VM state */
};

bool qcow2_header_has_magic(const void *head, size_t size);
/* Parses and checks the header in the first bytes of a file of `file_bytes`. On success all tables
 * are aligned, bounded and within the file, and the image has no feature that this program cannot
 * read but possibly a backing file. COLDSEAL_BAD_IMAGE, COLDSEAL_UNSUPPORTED. */
bool qcow2_header_parse(const void *data, size_t size, uint64_t file_bytes,
                        struct qcow2_header *header, struct error *err);

#endif
