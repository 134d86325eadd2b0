/* SPDX-License-Identifier: Apache-2.0 */
/* The refcounts of a qcow2 image, as far as writing in place needs them. */
#ifndef IMAGE_QCOW2_REFCOUNT_H
#define IMAGE_QCOW2_REFCOUNT_H

#include "core/own.h"
#include "image/qcow2_header.h"

struct qcow2_refcounts;
/* Reads the refcount table from `fd` (borrowed). COLDSEAL_IO, COLDSEAL_BAD_IMAGE. */
struct qcow2_refcounts *qcow2_refcounts_open(int fd, const struct qcow2_header *header,
                                             uint64_t file_bytes, struct error *err);
void qcow2_refcounts_free(struct qcow2_refcounts *refcounts);
DEFINE_OWNED(qcow2_refcounts);

/* The refcount of the cluster at `host_offset`. */
bool qcow2_refcount_read(const struct qcow2_refcounts *refcounts, uint64_t host_offset,
                         uint64_t *refcount, struct error *err);
/* Whether a refcount block lies at `host_offset`. */
bool qcow2_refcounts_have_block(const struct qcow2_refcounts *refcounts, uint64_t host_offset);

#endif
