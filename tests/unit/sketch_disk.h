/* SPDX-License-Identifier: Apache-2.0 */
/* A disk in memory for tests: extents of its own, a list of what was written, and writes that fail.
 */
#ifndef TESTS_SKETCH_DISK_H
#define TESTS_SKETCH_DISK_H

#include <pthread.h>

#include "core/bytes.h"
#include "image/disk.h"
#include "image/ranges.h"

#define MAX_WRITES 4096

/* `is_data` says for each 512 bytes whether they are data or known to be zero. */
struct sketch {
    struct bytes *data;
    bool *is_data;
    pthread_mutex_t lock;
    struct range writes[MAX_WRITES];
    size_t write_count;
    size_t extent_limit; /* bytes that one answer about extents covers at most; 0: 64 KiB */
    size_t extent_calls;
    size_t fail_after; /* writes that succeed; 0: all */
};

void sketch_init(struct sketch *sketch, uint64_t size);
void sketch_end(struct sketch *sketch);
/* Data that differs from place to place and is never zero. */
void sketch_fill(struct sketch *sketch, uint64_t offset, uint64_t length);
/* Over `sketch`, which is borrowed. */
struct disk *sketch_disk(struct sketch *sketch);

#endif
