/* SPDX-License-Identifier: Apache-2.0 */
#include "core/checked.h"
#include "image/qcow2.h"

#define WALK_BATCH 256
/* Stored bytes that are read with one call, and what may lie unused between them. */
#define COMPRESSED_RUN_BYTES (UINT64_C(2) << 20)
#define COMPRESSED_GAP_BYTES (UINT64_C(64) << 10)

/* Writers that compress in parallel leave neighbours out of order, so the stored bytes are taken
 * as a window rather than a sequence. */
static size_t compressed_run(const struct qcow2_cluster *clusters, size_t count)
{
    uint64_t start = clusters[0].host_offset;
    uint64_t end = start + clusters[0].stored_bytes;
    uint64_t stored = clusters[0].stored_bytes;
    size_t n;

    for (n = 1; n < count && clusters[n].kind == QCOW2_COMPRESSED; n++) {
        start = min_u64(start, clusters[n].host_offset);
        end = max_u64(end, clusters[n].host_offset + clusters[n].stored_bytes);
        stored += clusters[n].stored_bytes;
        if (end - start > COMPRESSED_RUN_BYTES || end - start > stored + COMPRESSED_GAP_BYTES)
            break;
    }
    return n;
}

static size_t run_length(const struct qcow2 *qcow2, const struct qcow2_cluster *clusters,
                         size_t count)
{
    uint64_t step = clusters[0].kind == QCOW2_DATA ? qcow2->header.cluster_bytes : 0;
    size_t n;

    if (clusters[0].kind == QCOW2_COMPRESSED)
        return compressed_run(clusters, count);
    for (n = 1; n < count && clusters[n].kind == clusters[0].kind; n++) {
        if (step != 0 && clusters[n].host_offset != clusters[0].host_offset + n * step)
            break;
    }
    return n;
}

bool qcow2_walk(struct qcow2 *qcow2, uint64_t offset, uint64_t size, qcow2_visit *visit,
                void *context, struct error *err)
{
    uint32_t bits = qcow2->header.cluster_bits;
    uint64_t end = offset + size;
    struct qcow2_cluster clusters[WALK_BATCH];

    while (offset < end) {
        uint64_t first = offset >> bits;
        uint64_t wanted = ((end - 1) >> bits) - first + 1;
        size_t count;
        if (!qcow2_map_lookup(qcow2->map, first, min_u64(wanted, WALK_BATCH), clusters, &count,
                              err))
            return false;
        for (size_t i = 0; i < count;) {
            struct qcow2_run run = {.clusters = &clusters[i], .first = first + i};
            run.count = run_length(qcow2, run.clusters, count - i);
            i += run.count;
            run.offset_bytes = offset;
            run.length_bytes = min_u64((first + i) << bits, end) - offset;
            if (!visit(qcow2, &run, context, err))
                return false;
            offset += run.length_bytes;
        }
    }
    return true;
}
