/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_refcount.h"

#include <inttypes.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "core/reader.h"
#include "image/file_io.h"

#define TABLE_ENTRY_BYTES 8
#define BLOCK_OFFSET_MASK (~UINT64_C(0x1ff))
#define REFCOUNT_MAX_BYTES 8

struct qcow2_refcounts {
    int fd;
    uint64_t cluster_bytes;
    uint32_t order;
    size_t count;
    uint64_t blocks[];
};

void qcow2_refcounts_free(struct qcow2_refcounts *refcounts)
{
    free(refcounts);
}

static bool decode_table(struct qcow2_refcounts *refcounts, struct reader *r, uint64_t file_bytes,
                         struct error *err)
{
    for (size_t i = 0; i < refcounts->count; i++) {
        uint64_t entry;
        if (!read_u64be(r, &entry))
            return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 refcount table is cut short");
        uint64_t block = entry & BLOCK_OFFSET_MASK;
        if (block % refcounts->cluster_bytes != 0 ||
            !range_within(block, refcounts->cluster_bytes, file_bytes))
            return error_set(err, COLDSEAL_BAD_IMAGE,
                             "qcow2 refcount block at byte %" PRIu64
                             " is not aligned or lies beyond the end of the file",
                             block);
        refcounts->blocks[i] = block;
    }
    return true;
}

struct qcow2_refcounts *qcow2_refcounts_open(int fd, const struct qcow2_header *header,
                                             uint64_t file_bytes, struct error *err)
{
    size_t size = header->refcount_table_clusters * header->cluster_bytes;
    OWNED(bytes) table = bytes_new(size, err);
    OWNED(qcow2_refcounts) refcounts = malloc(sizeof(*refcounts) + size);

    if (table == NULL || refcounts == NULL) {
        error_no_memory(err);
        return NULL;
    }
    refcounts->fd = fd;
    refcounts->cluster_bytes = header->cluster_bytes;
    refcounts->order = header->refcount_order;
    refcounts->count = size / TABLE_ENTRY_BYTES;
    struct reader r = reader_over(table->data, size);
    if (!file_read_at(fd, table->data, size, header->refcount_table_offset, err) ||
        !decode_table(refcounts, &r, file_bytes, err))
        return NULL;
    return TAKE(refcounts);
}

/* Narrower than a byte, refcounts begin at its least significant bit. */
static bool read_narrow(const struct qcow2_refcounts *refcounts, uint64_t block, uint64_t index,
                        uint64_t *refcount, struct error *err)
{
    uint32_t bits = 1U << refcounts->order;
    uint64_t bit = index * bits;
    uint8_t byte;

    if (!file_read_at(refcounts->fd, &byte, 1, block + bit / 8, err))
        return false;
    *refcount = ((unsigned)byte >> (bit % 8)) & ((1U << bits) - 1);
    return true;
}

static bool read_wide(const struct qcow2_refcounts *refcounts, uint64_t block, uint64_t index,
                      uint64_t *refcount, struct error *err)
{
    size_t size = (1U << refcounts->order) / 8;
    uint8_t bytes[REFCOUNT_MAX_BYTES];

    if (!file_read_at(refcounts->fd, bytes, size, block + index * size, err))
        return false;
    *refcount = 0;
    for (size_t i = 0; i < size; i++)
        *refcount = *refcount << 8 | bytes[i];
    return true;
}

bool qcow2_refcount_read(const struct qcow2_refcounts *refcounts, uint64_t host_offset,
                         uint64_t *refcount, struct error *err)
{
    uint64_t entries = refcounts->cluster_bytes * 8 >> refcounts->order;
    uint64_t cluster = host_offset / refcounts->cluster_bytes;
    uint64_t block = cluster / entries;

    *refcount = 0;
    if (block >= refcounts->count || refcounts->blocks[block] == 0)
        return true;
    return refcounts->order < 3
               ? read_narrow(refcounts, refcounts->blocks[block], cluster % entries, refcount, err)
               : read_wide(refcounts, refcounts->blocks[block], cluster % entries, refcount, err);
}

bool qcow2_refcounts_have_block(const struct qcow2_refcounts *refcounts, uint64_t host_offset)
{
    for (size_t i = 0; i < refcounts->count; i++) {
        if (refcounts->blocks[i] != 0 && refcounts->blocks[i] == host_offset)
            return true;
    }
    return false;
}
