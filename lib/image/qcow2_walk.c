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
    if (clusters[0].kind == QCOW2_MIXED)
        return 1;
    for (n = 1; n < count && clusters[n].kind == clusters[0].kind; n++) {
        if (step != 0 && clusters[n].host_offset != clusters[0].host_offset + n * step)
            break;
    }
    return n;
}

static enum qcow2_cluster_kind subcluster_kind(const struct qcow2_cluster *cluster, unsigned number)
{
    uint32_t bit = UINT32_C(1) << number;

    if ((cluster->allocated & bit) != 0)
        return QCOW2_DATA;
    return (cluster->zero & bit) != 0 ? QCOW2_ZERO : QCOW2_UNALLOCATED;
}

/* Visits the wanted part of one mixed cluster as runs of subclusters, each of which is to the
 * visitor a cluster of a plain kind. */
static bool walk_mixed(struct qcow2 *qcow2, const struct qcow2_run *whole, qcow2_visit *visit,
                       void *context, struct error *err)
{
    const struct qcow2_cluster *cluster = whole->clusters;
    uint64_t start = whole->first << qcow2->header.cluster_bits;
    uint64_t subcluster_bytes = qcow2->header.cluster_bytes / QCOW2_SUBCLUSTERS;
    uint64_t end = whole->offset_bytes + whole->length_bytes;

    for (uint64_t offset = whole->offset_bytes; offset < end;) {
        unsigned number = (unsigned)((offset - start) / subcluster_bytes);
        struct qcow2_cluster part = *cluster;
        struct qcow2_run run = {&part, 1, whole->first, offset, 0};
        part.kind = subcluster_kind(cluster, number);
        while (++number < QCOW2_SUBCLUSTERS && subcluster_kind(cluster, number) == part.kind)
            ;
        run.length_bytes = min_u64(start + number * subcluster_bytes, end) - offset;
        if (!visit(qcow2, &run, context, err))
            return false;
        offset += run.length_bytes;
    }
    return true;
}

static bool visit_run(struct qcow2 *qcow2, const struct qcow2_run *run, qcow2_visit *visit,
                      void *context, struct error *err)
{
    return run->clusters[0].kind == QCOW2_MIXED ? walk_mixed(qcow2, run, visit, context, err)
                                                : visit(qcow2, run, context, err);
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
            if (!visit_run(qcow2, &run, visit, context, err))
                return false;
            offset += run.length_bytes;
        }
    }
    return true;
}
