/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/copy_worker.h"

#include <string.h>

#include "core/checked.h"
#include "crypt/copy_runs.h"
#include "crypt/sector_cipher.h"

/* From one key to another in the nearest cache. */
#define PIECE_BYTES ((uint64_t)16 << 10)

struct window {
    const struct copy_region *region;
    uint64_t offset;
    uint64_t end;
};

struct worker {
    struct copy_state *state;
    struct copy_view view;
    struct sector_cipher *encrypt;
    struct sector_cipher *decrypt;
    uint8_t *buffer;
    struct copy_result result; /* of the window at hand */
};

static uint64_t window_end(const struct copy_region *region, uint64_t offset)
{
    uint64_t into = (region->source_offset_bytes + offset) % COPY_WINDOW_BYTES;
    uint64_t length = round_down(COPY_WINDOW_BYTES - into, COPY_BLOCK_BYTES);

    /* A region that starts off the grid: blocks go by the region, so a window gets shorter. */
    if (length == 0)
        length = COPY_WINDOW_BYTES;
    return offset + min_u64(length, region->padded_length_bytes - offset);
}

static bool take_window_locked(struct copy_state *state, struct window *window)
{
    const struct copy_job *job = state->job;

    while (!state->failed && state->region < job->region_count) {
        const struct copy_region *region = &job->regions[state->region];
        if (state->offset < region->padded_length_bytes) {
            *window = (struct window){region, state->offset, window_end(region, state->offset)};
            state->offset = window->end;
            return true;
        }
        state->region++;
        state->offset = 0;
    }
    return false;
}

static bool take_window(struct copy_state *state, struct window *window)
{
    pthread_mutex_lock(&state->lock);
    bool taken = take_window_locked(state, window);
    pthread_mutex_unlock(&state->lock);
    return taken;
}

static void report_window(struct worker *worker, const struct window *window)
{
    struct copy_state *state = worker->state;
    const struct coldseal_progress *progress = &state->job->progress;

    pthread_mutex_lock(&state->lock);
    state->done_bytes += window->end - window->offset;
    state->result.read_bytes += worker->result.read_bytes;
    state->result.written_bytes += worker->result.written_bytes;
    state->result.hole_bytes += worker->result.hole_bytes;
    if (progress->update != NULL)
        progress->update(progress->context, state->stage, state->done_bytes, state->total_bytes);
    pthread_mutex_unlock(&state->lock);
}

void copy_fail(struct copy_state *state, const struct error *err)
{
    pthread_mutex_lock(&state->lock);
    if (!state->failed)
        state->error = *err;
    state->failed = true;
    pthread_mutex_unlock(&state->lock);
}

/* What the source does not have is zero. */
static bool read_window(struct worker *worker, const struct window *window, uint64_t from,
                        struct error *err)
{
    const struct copy_region *region = window->region;
    struct disk *source = worker->state->job->source;
    uint64_t size = disk_size(source);
    uint64_t start = region->source_offset_bytes + from;
    uint64_t there = min_u64(window->end, region->length_bytes);

    there = from < there && start < size ? min_u64(there - from, size - start) : 0;
    worker->result.read_bytes += there;
    memset(worker->buffer + there, 0, window->end - from - there);
    return there == 0 || disk_pread(source, worker->buffer, there, start, err);
}

static bool crypt_run(struct worker *worker, const struct copy_region *region, uint8_t *data,
                      uint64_t length, uint64_t offset, struct error *err)
{
    for (uint64_t done = 0; done < length && region->mode != COPY_PLAIN; done += PIECE_BYTES) {
        uint64_t size = min_u64(PIECE_BYTES, length - done);
        if (copy_decrypts(region->mode) &&
            !sector_cipher_run(worker->decrypt, data + done, size, offset + done, err))
            return false;
        if (copy_encrypts(region->mode) &&
            !sector_cipher_run(worker->encrypt, data + done, size, offset + done, err))
            return false;
    }
    return true;
}

/* `data` is what the buffer holds for `offset`. */
static bool write_run(struct worker *worker, const struct copy_region *region, uint8_t *data,
                      uint64_t length, uint64_t offset, struct error *err)
{
    worker->result.written_bytes += length;
    return crypt_run(worker, region, data, length, offset, err) &&
           disk_pwrite(worker->state->job->target, data, length,
                       region->target_offset_bytes + offset, err);
}

/* Read once, from the first byte that is needed to the window's end: runs are few and far between
 * only at the edges of what is in use. */
static bool copy_window(struct worker *worker, const struct window *window, struct error *err)
{
    uint64_t read_from = window->end;
    struct copy_run run;

    worker->result = (struct copy_result){0};
    for (uint64_t offset = window->offset; offset < window->end; offset += run.length_bytes) {
        if (!copy_run_at(&worker->view, window->region, offset, window->end, &run, err))
            return false;
        if (!run.written) {
            worker->result.hole_bytes += run.length_bytes;
            continue;
        }
        if (read_from == window->end) {
            if (!read_window(worker, window, offset, err))
                return false;
            read_from = offset;
        }
        if (!write_run(worker, window->region, worker->buffer + (offset - read_from),
                       run.length_bytes, offset, err))
            return false;
    }
    return true;
}

static bool make_cipher(const struct copy_job *job, const struct secret *key, bool encrypt,
                        struct sector_cipher **cipher, struct error *err)
{
    if (key == NULL)
        return true;
    *cipher = sector_cipher_new(key, job->sector_bytes, encrypt, err);
    return *cipher != NULL;
}

static bool worker_start(struct worker *worker, struct error *err)
{
    const struct copy_job *job = worker->state->job;

    worker->buffer = aligned_alloc(COPY_BLOCK_BYTES, COPY_WINDOW_BYTES);
    if (worker->buffer == NULL)
        return error_no_memory(err);
    return make_cipher(job, job->target_key, true, &worker->encrypt, err) &&
           make_cipher(job, job->source_key, false, &worker->decrypt, err);
}

static void worker_end(struct worker *worker)
{
    sector_cipher_free(worker->encrypt);
    sector_cipher_free(worker->decrypt);
    free(worker->buffer);
}

void copy_work(struct copy_state *state)
{
    struct worker worker = {.state = state, .view = {.source = state->job->source}};
    struct window window;
    struct error err = {0};
    bool well = worker_start(&worker, &err);

    while (well && take_window(state, &window)) {
        well = copy_window(&worker, &window, &err);
        if (well)
            report_window(&worker, &window);
    }
    if (!well)
        copy_fail(state, &err);
    worker_end(&worker);
}
