/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_header.h"

#include <inttypes.h>

#include "core/checked.h"
#include "core/reader.h"

#define SECTOR_BYTES 512
#define TABLE_ENTRY_BYTES 8
#define MAX_REFCOUNT_ORDER 6
#define V2_REFCOUNT_ORDER 4
#define CRYPT_AES 1
#define CRYPT_LUKS 2
#define EXTENDED_ENTRY_BYTES (2 * TABLE_ENTRY_BYTES)

bool qcow2_header_has_magic(const void *head, size_t size)
{
    struct reader r = reader_over(head, size);
    uint32_t magic;

    return read_u32be(&r, &magic) && magic == QCOW2_MAGIC;
}

static bool read_common_fields(struct reader *r, struct qcow2_header *h)
{
    uint32_t magic;
    uint64_t snapshots_offset;

    return read_u32be(r, &magic) && magic == QCOW2_MAGIC && read_u32be(r, &h->version) &&
           read_u64be(r, &h->backing_file_offset) && read_u32be(r, &h->backing_file_size) &&
           read_u32be(r, &h->cluster_bits) && read_u64be(r, &h->size_bytes) &&
           read_u32be(r, &h->crypt_method) && read_u32be(r, &h->l1_entries) &&
           read_u64be(r, &h->l1_offset) && read_u64be(r, &h->refcount_table_offset) &&
           read_u32be(r, &h->refcount_table_clusters) && read_u32be(r, &h->snapshot_count) &&
           read_u64be(r, &snapshots_offset);
}

static bool read_compression(struct reader *r, struct qcow2_header *h)
{
    uint8_t type;

    if (!read_u8(r, &type))
        return false;
    h->compression_type = type;
    return true;
}

static bool read_v3_fields(struct reader *r, struct qcow2_header *h)
{
    uint64_t compatible;

    if (!read_u64be(r, &h->incompatible) || !read_u64be(r, &compatible) ||
        !read_u64be(r, &h->autoclear) || !read_u32be(r, &h->refcount_order) ||
        !read_u32be(r, &h->header_bytes))
        return false;
    /* A field is absent, which means 0, when the header ends before it. */
    return h->header_bytes <= QCOW2_HEADER_V3_BYTES || read_compression(r, h);
}

static bool read_fields(struct reader *r, struct qcow2_header *h, struct error *err)
{
    if (!read_common_fields(r, h))
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 header is cut short");
    if (h->version < 2 || h->version > 3)
        return error_set(err, COLDSEAL_UNSUPPORTED, "qcow2 version %" PRIu32 " is not supported",
                         h->version);
    h->refcount_order = V2_REFCOUNT_ORDER;
    h->header_bytes = QCOW2_HEADER_V2_BYTES;
    if (h->version == 3 && !read_v3_fields(r, h))
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 version 3 header is cut short");
    return true;
}

static bool has_extended_l2(const struct qcow2_header *h)
{
    return (h->incompatible & QCOW2_INCOMPATIBLE_EXTENDED_L2) != 0;
}

static bool check_numbers(struct qcow2_header *h, struct error *err)
{
    if (h->cluster_bits < QCOW2_MIN_CLUSTER_BITS || h->cluster_bits > QCOW2_MAX_CLUSTER_BITS)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 cluster_bits %" PRIu32 " is not in %d to %d", h->cluster_bits,
                         QCOW2_MIN_CLUSTER_BITS, QCOW2_MAX_CLUSTER_BITS);
    h->cluster_bytes = UINT64_C(1) << h->cluster_bits;
    h->l2_entry_bytes = has_extended_l2(h) ? EXTENDED_ENTRY_BYTES : TABLE_ENTRY_BYTES;
    h->l2_entries = h->cluster_bytes / h->l2_entry_bytes;
    if (has_extended_l2(h) && h->cluster_bits < QCOW2_EXTENDED_MIN_CLUSTER_BITS)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 cluster_bits %" PRIu32 " is below %d, with extended L2 entries",
                         h->cluster_bits, QCOW2_EXTENDED_MIN_CLUSTER_BITS);
    if (h->refcount_order > MAX_REFCOUNT_ORDER)
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 refcount_order %" PRIu32 " is above %d",
                         h->refcount_order, MAX_REFCOUNT_ORDER);
    if (h->version == 3 &&
        (h->header_bytes < QCOW2_HEADER_V3_BYTES || h->header_bytes > h->cluster_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 header_length %" PRIu32 " is not in %d to the cluster size",
                         h->header_bytes, QCOW2_HEADER_V3_BYTES);
    return true;
}

static bool check_crypt_method(const struct qcow2_header *h, struct error *err)
{
    if (h->crypt_method == 0)
        return true;
    if (h->crypt_method > CRYPT_LUKS)
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 crypt_method %" PRIu32 " does not exist",
                         h->crypt_method);
    return error_set(err, COLDSEAL_UNSUPPORTED, "qcow2 is encrypted (%s)",
                     h->crypt_method == CRYPT_AES ? "AES" : "LUKS");
}

static bool check_compression(const struct qcow2_header *h, struct error *err)
{
    bool flagged = (h->incompatible & QCOW2_INCOMPATIBLE_COMPRESSION) != 0;

    if (flagged != (h->compression_type != QCOW2_COMPRESSION_ZLIB))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 compression_type %u contradicts the feature bit for it",
                         (unsigned)h->compression_type);
    return h->compression_type <= QCOW2_COMPRESSION_ZSTD ||
           error_set(err, COLDSEAL_UNSUPPORTED,
                     "qcow2 compression type %u is not supported, zlib and zstd are",
                     (unsigned)h->compression_type);
}

static bool check_features(const struct qcow2_header *h, struct error *err)
{
    const uint64_t known = QCOW2_INCOMPATIBLE_DIRTY | QCOW2_INCOMPATIBLE_CORRUPT |
                           QCOW2_INCOMPATIBLE_DATA_FILE | QCOW2_INCOMPATIBLE_COMPRESSION |
                           QCOW2_INCOMPATIBLE_EXTENDED_L2;

    if ((h->incompatible & ~known) != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "qcow2 has unknown incompatible features 0x%" PRIx64,
                         h->incompatible & ~known);
    if ((h->incompatible & QCOW2_INCOMPATIBLE_CORRUPT) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 is marked corrupt; qemu-img check -r all may repair it");
    if ((h->incompatible & QCOW2_INCOMPATIBLE_DATA_FILE) != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED, "qcow2 keeps its data in an external file");
    return check_crypt_method(h, err) && check_compression(h, err);
}

static bool check_size(struct qcow2_header *h, struct error *err)
{
    uint64_t covered_bytes = h->cluster_bytes * h->l2_entries;

    if (h->size_bytes > INT64_MAX)
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 disk of %" PRIu64 " bytes is impossible",
                         h->size_bytes);
    if (h->size_bytes > QCOW2_MAX_DISK_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "qcow2 disk of %" PRIu64 " bytes is too large",
                         h->size_bytes);
    if (h->size_bytes % SECTOR_BYTES != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "qcow2 disk of %" PRIu64 " bytes does not end at a sector", h->size_bytes);
    h->l1_entries_used = h->size_bytes / covered_bytes + (h->size_bytes % covered_bytes != 0);
    return true;
}

static bool check_table(const char *name, uint64_t offset, uint64_t bytes, uint64_t limit_bytes,
                        const struct qcow2_header *h, uint64_t file_bytes, struct error *err)
{
    if (bytes > limit_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 %s of %" PRIu64 " bytes is larger than any can be", name, bytes);
    if (offset % h->cluster_bytes != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 %s at byte %" PRIu64 " is not aligned to a cluster", name, offset);
    if (!range_within(offset, bytes, file_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 %s of %" PRIu64 " bytes at byte %" PRIu64
                         " lies beyond the end of the file",
                         name, bytes, offset);
    return true;
}

static bool check_tables(const struct qcow2_header *h, uint64_t file_bytes, struct error *err)
{
    uint64_t l1_bytes = (uint64_t)h->l1_entries * TABLE_ENTRY_BYTES;
    uint64_t refcount_bytes = h->refcount_table_clusters * h->cluster_bytes;

    if (h->l1_entries < h->l1_entries_used)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 L1 table of %" PRIu32 " entries is too small for the disk",
                         h->l1_entries);
    return check_table("L1 table", h->l1_offset, l1_bytes, QCOW2_MAX_L1_BYTES, h, file_bytes,
                       err) &&
           check_table("refcount table", h->refcount_table_offset, refcount_bytes,
                       QCOW2_MAX_REFCOUNT_TABLE_BYTES, h, file_bytes, err);
}

bool qcow2_header_parse(const void *data, size_t size, uint64_t file_bytes,
                        struct qcow2_header *header, struct error *err)
{
    struct reader r = reader_over(data, size);

    *header = (struct qcow2_header){0};
    return read_fields(&r, header, err) && check_numbers(header, err) &&
           check_features(header, err) && check_size(header, err) &&
           check_tables(header, file_bytes, err);
}
