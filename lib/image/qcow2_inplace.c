/* SPDX-License-Identifier: Apache-2.0 */
/* Writing into clusters that are there and nobody else's: no metadata changes. */
#include <inttypes.h>

#include "image/file_io.h"
#include "image/qcow2.h"

static bool overlaps(uint64_t host_offset, uint64_t offset, uint64_t size)
{
    return size > 0 && host_offset >= offset && host_offset - offset < size;
}

static bool is_metadata(const struct qcow2 *qcow2, uint64_t host_offset)
{
    const struct qcow2_header *h = &qcow2->header;

    return host_offset == 0 ||
           overlaps(host_offset, h->l1_offset, (uint64_t)h->l1_entries * sizeof(uint64_t)) ||
           overlaps(host_offset, h->refcount_table_offset,
                    h->refcount_table_clusters * h->cluster_bytes) ||
           qcow2_map_is_l2_table(qcow2->map, host_offset) ||
           qcow2_refcounts_have_block(qcow2->refcounts, host_offset);
}

static bool refuse(uint64_t number, const char *reason, struct error *err)
{
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "qcow2 cluster %" PRIu64 " cannot be written in place: it is %s", number,
                     reason);
}

static bool check_cluster(struct qcow2 *qcow2, const struct qcow2_cluster *cluster, uint64_t number,
                          struct error *err)
{
    uint64_t refcount;

    if (cluster->kind == QCOW2_COMPRESSED)
        return refuse(number, "compressed", err);
    if (cluster->kind != QCOW2_DATA)
        return refuse(number, "not allocated", err);
    if (!qcow2_refcount_read(qcow2->refcounts, cluster->host_offset, &refcount, err))
        return false;
    if (refcount == 0 || is_metadata(qcow2, cluster->host_offset))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "qcow2 cluster %" PRIu64 " at byte %" PRIu64
                         " is free or metadata to the rest of the image",
                         number, cluster->host_offset);
    if (!cluster->copied || refcount != 1)
        return refuse(number, "shared", err);
    return true;
}

static bool check_run(struct qcow2 *qcow2, const struct qcow2_run *run, void *context,
                      struct error *err)
{
    (void)context;
    for (size_t i = 0; i < run->count; i++) {
        if (!check_cluster(qcow2, &run->clusters[i], run->first + i, err))
            return false;
    }
    return true;
}

struct source {
    const uint8_t *buffer;
    uint64_t offset_bytes; /* of the disk, where `buffer` begins */
};

static bool write_run(struct qcow2 *qcow2, const struct qcow2_run *run, void *context,
                      struct error *err)
{
    const struct source *from = context;
    uint64_t within = run->offset_bytes - (run->first << qcow2->header.cluster_bits);

    return file_write_at(qcow2->fd, from->buffer + (run->offset_bytes - from->offset_bytes),
                         run->length_bytes, run->clusters[0].host_offset + within, err);
}

bool qcow2_check_in_place(void *self, uint64_t offset, uint64_t size, struct error *err)
{
    return qcow2_walk(self, offset, size, check_run, NULL, err);
}

bool qcow2_pwrite_in_place(void *self, const void *buffer, size_t size, uint64_t offset,
                           struct error *err)
{
    struct source from = {buffer, offset};

    return qcow2_check_in_place(self, offset, size, err) &&
           qcow2_walk(self, offset, size, write_run, &from, err);
}
