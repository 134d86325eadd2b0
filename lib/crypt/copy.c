/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/copy.h"

#include <string.h>

#include "core/checked.h"
#include "core/threads.h"
#include "crypt/copy_runs.h"
#include "crypt/copy_worker.h"

#define MAX_THREADS 64u

static bool check_region(const struct copy_region *region, struct error *err)
{
    uint64_t end;

    if (region->padded_length_bytes < region->length_bytes ||
        !checked_add(region->source_offset_bytes, region->padded_length_bytes, &end) ||
        !checked_add(region->target_offset_bytes, region->padded_length_bytes, &end))
        return error_set(err, COLDSEAL_BUG, "copy: a region that is no region");
    return true;
}

bool copy_append_ranges(struct ranges *allocated, struct disk *source,
                        const struct copy_region *region, struct error *err)
{
    struct copy_view view = {.source = source};
    struct copy_run run;

    if (!check_region(region, err))
        return false;
    for (uint64_t offset = 0; offset < region->padded_length_bytes; offset += run.length_bytes) {
        if (!copy_run_at(&view, region, offset, region->padded_length_bytes, &run, err))
            return false;
        if (run.written &&
            !ranges_append(allocated, region->target_offset_bytes + offset, run.length_bytes, err))
            return false;
    }
    return true;
}

static bool has_keys(const struct copy_job *job, enum copy_mode mode)
{
    return (!copy_decrypts(mode) || job->source_key != NULL) &&
           (!copy_encrypts(mode) || job->target_key != NULL);
}

static bool check_job(const struct copy_job *job, struct error *err)
{
    for (size_t i = 0; i < job->region_count; i++) {
        const struct copy_region *region = &job->regions[i];
        if (!check_region(region, err))
            return false;
        if (region->mode == COPY_PLAIN)
            continue;
        if (!has_keys(job, region->mode) || job->sector_bytes == 0)
            return error_set(err, COLDSEAL_BUG, "copy: a crypted region and no key");
        if (region->padded_length_bytes % job->sector_bytes != 0)
            return error_set(err, COLDSEAL_UNSUPPORTED, "%llu bytes are not whole sectors of %u",
                             (unsigned long long)region->padded_length_bytes, job->sector_bytes);
    }
    return true;
}

static const char *stage_of(const struct copy_job *job)
{
    static const char *const names[] = {
        [COPY_ENCRYPT] = "encrypt", [COPY_DECRYPT] = "decrypt", [COPY_RECRYPT] = "recrypt"};

    for (size_t i = 0; i < job->region_count; i++) {
        if (job->regions[i].mode != COPY_PLAIN)
            return names[job->regions[i].mode];
    }
    return "copy";
}

static uint64_t total_of(const struct copy_job *job)
{
    uint64_t total = 0;

    for (size_t i = 0; i < job->region_count; i++)
        total += job->regions[i].padded_length_bytes;
    return total;
}

static unsigned thread_count(const struct copy_job *job)
{
    unsigned count = job->threads != 0 ? job->threads : threads_default();

    return count < MAX_THREADS ? count : MAX_THREADS;
}

static void *thread_main(void *state)
{
    copy_work(state);
    return NULL;
}

/* The calling thread is one of the workers. */
static void run_threads(struct copy_state *state, unsigned count)
{
    pthread_t threads[MAX_THREADS];
    unsigned started = 0;

    while (started + 1 < count && pthread_create(&threads[started], NULL, thread_main, state) == 0)
        started++;
    copy_work(state);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

bool copy_run(const struct copy_job *job, struct copy_result *result, struct error *err)
{
    struct copy_state state = {.job = job, .stage = stage_of(job), .total_bytes = total_of(job)};

    if (!check_job(job, err))
        return false;
    pthread_mutex_init(&state.lock, NULL);
    run_threads(&state, thread_count(job));
    pthread_mutex_destroy(&state.lock);
    *result = state.result;
    if (state.failed)
        *err = state.error;
    return !state.failed;
}
