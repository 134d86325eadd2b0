/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "core/checked.h"
#include "image/file_io.h"
#include "image/qcow2.h"

/* L2 entries that one answer about extents looks at: 64 times what one look-up gives. */
#define EXTENT_LOOKUPS 64
#define EXTENT_BATCH 256

struct destination {
    uint8_t *buffer;
    uint64_t offset_bytes; /* of the disk, where `buffer` begins */
};

static uint64_t stored_start(const struct qcow2_run *run)
{
    uint64_t start = run->clusters[0].host_offset;

    for (size_t i = 1; i < run->count; i++)
        start = min_u64(start, run->clusters[i].host_offset);
    return start;
}

static uint64_t stored_end(const struct qcow2_run *run)
{
    uint64_t end = 0;

    for (size_t i = 0; i < run->count; i++)
        end = max_u64(end, run->clusters[i].host_offset + run->clusters[i].stored_bytes);
    return end;
}

/* Inflates cluster `i` of the run into its place in `out`, which begins where the run's wanted part
 * does; by way of a buffer when only a part of the cluster is wanted. */
static bool inflate_cluster(const struct qcow2 *qcow2, const struct qcow2_run *run, size_t i,
                            const uint8_t *stored, struct inflater *inflater, uint8_t *out,
                            struct error *err)
{
    const struct qcow2_cluster *cluster = &run->clusters[i];
    uint64_t cluster_bytes = qcow2->header.cluster_bytes;
    uint64_t start = (run->first + i) << qcow2->header.cluster_bits;
    uint64_t from = max_u64(start, run->offset_bytes);
    uint64_t to = min_u64(start + cluster_bytes, run->offset_bytes + run->length_bytes);
    bool whole = to - from == cluster_bytes;
    uint8_t *place = out + (from - run->offset_bytes);
    uint8_t *inflated = whole ? place : inflater_cluster(inflater, cluster_bytes, err);

    if (inflated == NULL)
        return false;
    if (!inflater_run(inflater, stored, cluster->stored_bytes, inflated, cluster_bytes, err))
        return error_wrap(err, "qcow2 compressed cluster at byte %" PRIu64, cluster->host_offset);
    if (!whole)
        memcpy(place, inflated + (from - start), to - from);
    return true;
}

static bool inflate_run(struct qcow2 *qcow2, const struct qcow2_run *run, struct inflater *inflater,
                        uint8_t *out, struct error *err)
{
    uint64_t start = stored_start(run);
    size_t size = stored_end(run) - start;
    uint8_t *stored = inflater_input(inflater, size, err);

    if (stored == NULL || !file_read_at(qcow2->fd, stored, size, start, err))
        return false;
    for (size_t i = 0; i < run->count; i++) {
        const uint8_t *at = stored + (run->clusters[i].host_offset - start);
        if (!inflate_cluster(qcow2, run, i, at, inflater, out, err))
            return false;
    }
    return true;
}

static bool read_compressed(struct qcow2 *qcow2, const struct qcow2_run *run, uint8_t *out,
                            struct error *err)
{
    struct inflater *inflater = inflater_pool_take(qcow2->inflaters, err);

    if (inflater == NULL)
        return false;
    bool done = inflate_run(qcow2, run, inflater, out, err);
    inflater_pool_give(qcow2->inflaters, inflater);
    return done;
}

static bool read_data(struct qcow2 *qcow2, const struct qcow2_run *run, uint8_t *out,
                      struct error *err)
{
    uint64_t within = run->offset_bytes - (run->first << qcow2->header.cluster_bits);

    return file_read_padded_at(qcow2->fd, out, run->length_bytes,
                               run->clusters[0].host_offset + within, err);
}

/* Behind the end of the backing disk there are zeros. */
static bool read_backing(struct qcow2 *qcow2, const struct qcow2_run *run, uint8_t *out,
                         struct error *err)
{
    uint64_t size = qcow2->backing == NULL ? 0 : disk_size(qcow2->backing);
    uint64_t there =
        run->offset_bytes < size ? min_u64(run->length_bytes, size - run->offset_bytes) : 0;

    memset(out + there, 0, run->length_bytes - there);
    return there == 0 || disk_pread(qcow2->backing, out, there, run->offset_bytes, err);
}

static bool read_run(struct qcow2 *qcow2, const struct qcow2_run *run, void *context,
                     struct error *err)
{
    const struct destination *to = context;
    uint8_t *out = to->buffer + (run->offset_bytes - to->offset_bytes);

    switch (run->clusters[0].kind) {
    case QCOW2_UNALLOCATED:
        return read_backing(qcow2, run, out, err);
    case QCOW2_ZERO:
        memset(out, 0, run->length_bytes);
        return true;
    case QCOW2_DATA:
        return read_data(qcow2, run, out, err);
    case QCOW2_COMPRESSED:
        return read_compressed(qcow2, run, out, err);
    case QCOW2_MIXED:
        break; /* qcow2_walk() takes these apart */
    }
    return error_set(err, COLDSEAL_BUG, "unknown kind of cluster");
}

bool qcow2_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    struct destination to = {buffer, offset};

    return qcow2_walk(self, offset, size, read_run, &to, err);
}

/* A mixed cluster is said to be data, which it may be. */
enum source { FROM_FILE, FROM_ZEROS, FROM_BACKING };

static enum source cluster_source(const struct qcow2 *qcow2, enum qcow2_cluster_kind kind)
{
    if (kind == QCOW2_UNALLOCATED)
        return qcow2->backing == NULL ? FROM_ZEROS : FROM_BACKING;
    return kind == QCOW2_ZERO ? FROM_ZEROS : FROM_FILE;
}

/* Clusters from number `first` on that one look-up shows to have one source; `*more` when the next
 * one may have it too. */
static bool source_run(struct qcow2 *qcow2, uint64_t first, uint64_t end, enum source *source,
                       uint64_t *length, bool *more, struct error *err)
{
    struct qcow2_cluster clusters[EXTENT_BATCH];
    uint64_t hole = qcow2_map_hole(qcow2->map, first);
    size_t count, n = 1;

    *source = cluster_source(qcow2, QCOW2_UNALLOCATED);
    *length = hole;
    *more = true;
    if (hole > 0)
        return true;
    if (!qcow2_map_lookup(qcow2->map, first, min_u64(end - first, EXTENT_BATCH), clusters, &count,
                          err))
        return false;
    *source = cluster_source(qcow2, clusters[0].kind);
    while (n < count && cluster_source(qcow2, clusters[n].kind) == *source)
        n++;
    *length = n;
    *more = n == count;
    return true;
}

/* The number of the first cluster that is not like the one with number `first`, or of one before
 * that when it is far away. */
static bool find_end(struct qcow2 *qcow2, uint64_t first, uint64_t end, enum source *source,
                     uint64_t *next, struct error *err)
{
    uint64_t length;
    bool more;

    if (!source_run(qcow2, first, end, source, &length, &more, err))
        return false;
    *next = first + length;
    for (int i = 0; i < EXTENT_LOOKUPS && more && *next < end; i++) {
        enum source other;
        if (!source_run(qcow2, *next, end, &other, &length, &more, err))
            return false;
        if (other != *source)
            break;
        *next += length;
    }
    return true;
}

static bool backing_extent(struct qcow2 *qcow2, struct extent *extent, struct error *err)
{
    struct extent below;

    if (extent->offset_bytes >= disk_size(qcow2->backing)) {
        extent->kind = EXTENT_ZERO;
        return true;
    }
    if (!disk_extent(qcow2->backing, extent->offset_bytes, &below, err))
        return false;
    extent->length_bytes = min_u64(extent->length_bytes, below.length_bytes);
    extent->kind = below.kind;
    return true;
}

bool qcow2_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    struct qcow2 *qcow2 = self;
    uint64_t size_bytes = qcow2->header.size_bytes;
    uint32_t bits = qcow2->header.cluster_bits;
    enum source source;
    uint64_t next;

    if (!find_end(qcow2, offset >> bits, ((size_bytes - 1) >> bits) + 1, &source, &next, err))
        return false;
    *extent = (struct extent){
        .offset_bytes = offset,
        .length_bytes = min_u64(next << bits, size_bytes) - offset,
        .kind = source == FROM_ZEROS ? EXTENT_ZERO : EXTENT_DATA,
    };
    return source != FROM_BACKING || backing_extent(qcow2, extent, err);
}
