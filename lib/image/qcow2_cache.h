/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of L2 tables that were read last. Bounded; safe for several threads, and no lock is
 * held while the file is read. */
#ifndef IMAGE_QCOW2_CACHE_H
#define IMAGE_QCOW2_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/own.h"

struct qcow2_cache;
/* Of slices of `slice_bytes`, which lie at multiples of it in the file `fd` (borrowed). */
struct qcow2_cache *qcow2_cache_new(int fd, size_t slice_bytes, struct error *err);
void qcow2_cache_free(struct qcow2_cache *cache);
DEFINE_OWNED(qcow2_cache);

/* Copies `size` bytes at `offset`, which must lie within one slice. */
bool qcow2_cache_read(struct qcow2_cache *cache, uint64_t offset, void *out, size_t size,
                      struct error *err);

#endif
