/* SPDX-License-Identifier: Apache-2.0 */
/* Where a qcow2 image keeps each cluster of the disk: the L1 table in memory, L2 tables through a
 * bounded cache. Safe for several threads. */
#ifndef IMAGE_QCOW2_MAP_H
#define IMAGE_QCOW2_MAP_H

#include "core/own.h"
#include "image/qcow2_header.h"

enum qcow2_cluster_kind {
    QCOW2_UNALLOCATED, /* reads as the backing file, or zeros */
    QCOW2_ZERO,        /* reads as zeros, with or without a host cluster */
    QCOW2_DATA,
    QCOW2_COMPRESSED,
    QCOW2_MIXED, /* its subclusters differ */
};

struct qcow2_cluster {
    enum qcow2_cluster_kind kind;
    bool copied;           /* OFLAG_COPIED: the refcount is said to be 1 */
    uint32_t stored_bytes; /* of a compressed cluster, at most: the length is kept in sectors */
    uint64_t host_offset;
    uint32_t allocated; /* of QCOW2_MIXED: a bit for each subcluster that has data … */
    uint32_t zero;      /* … and that reads as zeros; neither: as if unallocated */
};

struct qcow2_map;
/* Reads the L1 table, and each L2 table once: every entry is checked, and that the file is large
 * enough for what they claim, so that no small file stands for endless data. `fd` is borrowed.
 * COLDSEAL_IO, COLDSEAL_BAD_IMAGE. */
struct qcow2_map *qcow2_map_open(int fd, const struct qcow2_header *header, uint64_t file_bytes,
                                 struct error *err);
void qcow2_map_free(struct qcow2_map *map);
DEFINE_OWNED(qcow2_map);

/* Describes clusters from number `first` on: at least one and at most `max` (all within the disk);
 * `*count` says how many. */
bool qcow2_map_lookup(struct qcow2_map *map, uint64_t first, size_t max,
                      struct qcow2_cluster *clusters, size_t *count, struct error *err);
/* How many clusters from number `first` on have no L2 table; 0 when that one has. */
uint64_t qcow2_map_hole(const struct qcow2_map *map, uint64_t first);
/* Whether `host_offset` is that of an L2 table. */
bool qcow2_map_is_l2_table(const struct qcow2_map *map, uint64_t host_offset);

#endif
