/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the copy engine, and what the threads share. Private to lib/crypt. */
#ifndef CRYPT_COPY_WORKER_H
#define CRYPT_COPY_WORKER_H

#include <pthread.h>

#include "crypt/copy.h"

/* A window is what one thread reads, crypts in its cache and writes at a time. It ends at a
 * multiple of this in the source, so that no compressed cluster is inflated for two of them. */
#define COPY_WINDOW_BYTES ((uint64_t)1 << 20)

static inline bool copy_encrypts(enum copy_mode mode)
{
    return mode == COPY_ENCRYPT || mode == COPY_RECRYPT;
}

static inline bool copy_decrypts(enum copy_mode mode)
{
    return mode == COPY_DECRYPT || mode == COPY_RECRYPT;
}

struct copy_state {
    const struct copy_job *job;
    const char *stage;
    pthread_mutex_t lock; /* over all that follows */
    size_t region;        /* next window: in this region … */
    uint64_t offset;      /* … from here */
    uint64_t done_bytes;
    uint64_t total_bytes;
    struct copy_result result;
    bool failed;
    struct error error; /* the first one */
};

/* Works until there is no window left or somebody failed. */
void copy_work(struct copy_state *state);
/* Keeps the first error and stops everybody. */
void copy_fail(struct copy_state *state, const struct error *err);

#endif
