/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the qcow2 back end share. */
#ifndef IMAGE_QCOW2_H
#define IMAGE_QCOW2_H

#include "image/disk.h"
#include "image/inflate.h"
#include "image/qcow2_header.h"
#include "image/qcow2_map.h"
#include "image/qcow2_refcount.h"

struct qcow2 {
    int fd; /* borrowed */
    uint64_t file_bytes;
    struct qcow2_header header;
    struct disk *backing; /* borrowed, or NULL */
    struct qcow2_map *map;
    struct inflater_pool *inflaters;
    struct qcow2_refcounts *refcounts; /* only where it may be written */
};

/* Clusters that one file access serves: of one kind, and near each other in the file. */
struct qcow2_run {
    const struct qcow2_cluster *clusters;
    size_t count;
    uint64_t first;        /* number of the first cluster */
    uint64_t offset_bytes; /* the part of the disk that is wanted of them */
    uint64_t length_bytes;
};

typedef bool qcow2_visit(struct qcow2 *qcow2, const struct qcow2_run *run, void *context,
                         struct error *err);
/* Calls `visit` for each run of [offset, offset + size), in order, until one fails. */
bool qcow2_walk(struct qcow2 *qcow2, uint64_t offset, uint64_t size, qcow2_visit *visit,
                void *context, struct error *err);

/* Operations of the disk. */
bool qcow2_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err);
bool qcow2_extent(void *self, uint64_t offset, struct extent *extent, struct error *err);
bool qcow2_check_in_place(void *self, uint64_t offset, uint64_t size, struct error *err);
bool qcow2_pwrite_in_place(void *self, const void *buffer, size_t size, uint64_t offset,
                           struct error *err);

#endif
