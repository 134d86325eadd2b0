/* SPDX-License-Identifier: Apache-2.0 */
/* Inflating clusters: raw deflate streams or zstd frames, as qcow2 stores them. */
#ifndef IMAGE_INFLATE_H
#define IMAGE_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/own.h"
#include "image/qcow2_header.h"

/* What one thread needs at a time. The buffers grow to what was asked for. */
struct inflater;
struct inflater *inflater_new(enum qcow2_compression compression, struct error *err);
void inflater_free(struct inflater *inflater);
DEFINE_OWNED(inflater);

/* Room for stored bytes, and for one cluster that is wanted in part; NULL: out of memory. Each
 * lasts until the next call of the same function. */
uint8_t *inflater_input(struct inflater *inflater, size_t size, struct error *err);
uint8_t *inflater_cluster(struct inflater *inflater, size_t size, struct error *err);
/* Fills `out` from a stream at the start of `in`, which may be longer than the stream, as a deflate
 * stream may give more than fits (QEMU reads both). COLDSEAL_BAD_IMAGE when it is malformed or
 * gives less. */
bool inflater_run(struct inflater *inflater, const void *in, size_t in_size, void *out,
                  size_t out_size, struct error *err);

/* Inflaters that wait for the next thread. */
struct inflater_pool;
struct inflater_pool *inflater_pool_new(enum qcow2_compression compression, struct error *err);
void inflater_pool_free(struct inflater_pool *pool);
DEFINE_OWNED(inflater_pool);
struct inflater *inflater_pool_take(struct inflater_pool *pool, struct error *err);
void inflater_pool_give(struct inflater_pool *pool, struct inflater *inflater);

#endif
