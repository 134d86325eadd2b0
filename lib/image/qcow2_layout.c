/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_layout.h"

#include <inttypes.h>

#include "core/checked.h"
#include "image/qcow2_header.h"

#define L2_SPAN_BYTES (QCOW2_OUT_L2_ENTRIES * QCOW2_OUT_CLUSTER_BYTES)
#define TABLE_ENTRY_BYTES 8

void qcow2_layout_free(struct qcow2_layout *layout)
{
    if (layout == NULL)
        return;
    ranges_free(layout->clusters);
    free(layout->data_offsets);
    free(layout);
}

static uint64_t divide_up(uint64_t value, uint64_t unit)
{
    return value / unit + (value % unit != 0);
}

/* Ranges that share a cluster become one. */
static bool round_to_clusters(struct qcow2_layout *layout, const struct ranges *allocated,
                              struct error *err)
{
    uint64_t end = 0;

    for (size_t i = 0; i < allocated->count; i++) {
        const struct range *range = &allocated->items[i];
        if (!range_within(range->offset_bytes, range->length_bytes, layout->size_bytes))
            return error_set(err, COLDSEAL_BUG, "range at byte %" PRIu64 " is outside the disk",
                             range->offset_bytes);
        uint64_t start = max_u64(round_down(range->offset_bytes, QCOW2_OUT_CLUSTER_BYTES), end);
        end = divide_up(range->offset_bytes + range->length_bytes, QCOW2_OUT_CLUSTER_BYTES) *
              QCOW2_OUT_CLUSTER_BYTES;
        if (end > start && !ranges_append(layout->clusters, start, end - start, err))
            return false;
    }
    return true;
}

static uint64_t count_l2_tables(const struct ranges *clusters)
{
    uint64_t count = 0;
    uint64_t next = 0; /* first table that is not counted yet */

    for (size_t i = 0; i < clusters->count; i++) {
        const struct range *range = &clusters->items[i];
        uint64_t first = max_u64(range->offset_bytes / L2_SPAN_BYTES, next);
        next = divide_up(range->offset_bytes + range->length_bytes, L2_SPAN_BYTES);
        count += next - first;
    }
    return count;
}

/* The refcounts count their own clusters too: repeated until that changes nothing. */
static void size_refcounts(struct qcow2_layout *layout, uint64_t other_clusters)
{
    uint64_t before;

    do {
        before = layout->refcount_blocks + layout->refcount_table_clusters;
        layout->refcount_blocks = divide_up(other_clusters + before, QCOW2_OUT_BLOCK_ENTRIES);
        layout->refcount_table_clusters =
            divide_up(layout->refcount_blocks * TABLE_ENTRY_BYTES, QCOW2_OUT_CLUSTER_BYTES);
    } while (layout->refcount_blocks + layout->refcount_table_clusters != before);
}

static bool place_data(struct qcow2_layout *layout, struct error *err)
{
    uint64_t offset = layout->data_offset;

    layout->data_offsets = calloc(layout->clusters->count + 1, sizeof(*layout->data_offsets));
    if (layout->data_offsets == NULL)
        return error_no_memory(err);
    for (size_t i = 0; i < layout->clusters->count; i++) {
        layout->data_offsets[i] = offset;
        offset += layout->clusters->items[i].length_bytes;
    }
    layout->file_bytes = offset;
    return true;
}

static bool place_all(struct qcow2_layout *layout, struct error *err)
{
    uint64_t data_clusters = ranges_total(layout->clusters) / QCOW2_OUT_CLUSTER_BYTES;
    uint64_t l1_clusters =
        divide_up(layout->l1_entries * TABLE_ENTRY_BYTES, QCOW2_OUT_CLUSTER_BYTES);

    size_refcounts(layout, 1 + l1_clusters + layout->l2_tables + data_clusters);
    layout->refcount_block_offset = (1 + layout->refcount_table_clusters) * QCOW2_OUT_CLUSTER_BYTES;
    layout->l1_offset =
        layout->refcount_block_offset + layout->refcount_blocks * QCOW2_OUT_CLUSTER_BYTES;
    layout->l2_offset = layout->l1_offset + l1_clusters * QCOW2_OUT_CLUSTER_BYTES;
    layout->data_offset = layout->l2_offset + layout->l2_tables * QCOW2_OUT_CLUSTER_BYTES;
    return place_data(layout, err);
}

struct qcow2_layout *qcow2_layout_new(uint64_t size_bytes, const struct ranges *allocated,
                                      struct error *err)
{
    OWNED(qcow2_layout) layout = calloc(1, sizeof(*layout));

    if (layout == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (size_bytes > QCOW2_MAX_DISK_BYTES) {
        error_set(err, COLDSEAL_UNSUPPORTED, "a disk of %" PRIu64 " bytes is too large",
                  size_bytes);
        return NULL;
    }
    layout->size_bytes = size_bytes;
    layout->clusters = ranges_new(err);
    if (layout->clusters == NULL || !round_to_clusters(layout, allocated, err))
        return NULL;
    layout->l1_entries = divide_up(size_bytes, L2_SPAN_BYTES);
    layout->l2_tables = count_l2_tables(layout->clusters);
    return place_all(layout, err) ? TAKE(layout) : NULL;
}

uint64_t qcow2_layout_find(const struct qcow2_layout *layout, uint64_t offset, uint64_t length,
                           bool *allocated, uint64_t *host_offset)
{
    size_t i = ranges_find(layout->clusters, offset);
    uint64_t run = ranges_run(layout->clusters, offset, length, allocated);

    if (*allocated)
        *host_offset = layout->data_offsets[i] + (offset - layout->clusters->items[i].offset_bytes);
    return run;
}
