/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/rekey_data.h"

#include <inttypes.h>

#include "core/checked.h"
#include "crypt/copy_runs.h"
#include "crypt/rekey_journal.h"
#include "crypt/sector_cipher.h"
#include "token/luks2_header.h"

struct rekey_work {
    const struct rekey_data_job *job;
    struct rekey_data_result *result;
    struct rekey_journal journal;
    struct sector_cipher *decrypt;
    struct sector_cipher *encrypt;
    struct copy_view view;
    struct copy_region region;
    uint8_t *chunk; /* the blocks of one, packed */
};

static void rekey_work_end(struct rekey_work *work)
{
    rekey_journal_close(&work->journal);
    sector_cipher_free(work->decrypt);
    sector_cipher_free(work->encrypt);
    free(work->chunk);
}

static bool rekey_work_start(struct rekey_work *work, struct error *err)
{
    const struct rekey_data_job *job = work->job;

    work->view.source = job->disk;
    work->region = (struct copy_region){
        .source_offset_bytes = job->offset_bytes + LUKS2_HEADER_BYTES,
        .length_bytes = job->length_bytes,
        .padded_length_bytes = job->length_bytes,
        .mode = COPY_RECRYPT,
    };
    if (job->length_bytes % REKEY_BLOCK_BYTES != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%" PRIu64 " bytes are not whole sectors",
                         job->length_bytes);
    work->chunk = malloc(REKEY_CHUNK_BYTES);
    if (work->chunk == NULL)
        return error_no_memory(err);
    work->decrypt = sector_cipher_new(job->old_volume_key, LUKS2_SECTOR_BYTES, false, err);
    work->encrypt = sector_cipher_new(job->new_volume_key, LUKS2_SECTOR_BYTES, true, err);
    return work->decrypt != NULL && work->encrypt != NULL &&
           rekey_journal_open(&work->journal, job->disk, job->offset_bytes, job->new_volume_key,
                              err);
}

static uint64_t place_of(const struct rekey_work *work, uint64_t position)
{
    return work->region.source_offset_bytes + position;
}

/* A part of a chunk: `data` stands at `position` of the data segment. */
typedef bool run_action(struct rekey_work *work, uint8_t *data, size_t size, uint64_t position,
                        struct error *err);

/* The blocks of the record, neighbours together; the packed chunk goes along. */
static bool for_each_run(struct rekey_work *work, const struct rekey_record *record,
                         run_action *action, struct error *err)
{
    uint8_t *data = work->chunk;

    for (unsigned first = 0, end; first < REKEY_CHUNK_BLOCKS; first = end) {
        for (end = first; end < REKEY_CHUNK_BLOCKS && rekey_record_has(record, end);)
            end++;
        size_t size = (size_t)(end - first) * REKEY_BLOCK_BYTES;
        uint64_t position = record->start + (uint64_t)first * REKEY_BLOCK_BYTES;
        if (size > 0 && !action(work, data, size, position, err))
            return false;
        data += size;
        if (size == 0)
            end++;
    }
    return true;
}

static bool read_recrypted(struct rekey_work *work, uint8_t *data, size_t size, uint64_t position,
                           struct error *err)
{
    if (!disk_pread(work->job->disk, data, size, place_of(work, position), err))
        return false;
    for (size_t done = 0; done < size; done += REKEY_BLOCK_BYTES) {
        if (!sector_cipher_run(work->decrypt, data + done, REKEY_BLOCK_BYTES, position + done,
                               err) ||
            !sector_cipher_run(work->encrypt, data + done, REKEY_BLOCK_BYTES, position + done, err))
            return false;
    }
    return true;
}

static bool write_in_place(struct rekey_work *work, uint8_t *data, size_t size, uint64_t position,
                           struct error *err)
{
    work->result->written_bytes += size;
    return disk_pwrite(work->job->disk, data, size, place_of(work, position), err);
}

static bool replay(struct rekey_work *work, const struct rekey_record *record, struct error *err)
{
    uint64_t length = work->job->length_bytes;
    uint64_t end = min_u64(record->start + REKEY_CHUNK_BYTES, length);

    if (record->start >= length || record->start % REKEY_BLOCK_BYTES != 0 || record->next != end)
        return error_set(err, COLDSEAL_BAD_IMAGE, "the journal of the rekey is of another disk");
    return rekey_journal_read(&work->journal, record, work->chunk, err) &&
           for_each_run(work, record, write_in_place, err);
}

/* From the first block at or behind `position` that is not a hole; false in *found at the end. */
static bool next_chunk(struct rekey_work *work, uint64_t position, struct rekey_record *record,
                       bool *found, struct error *err)
{
    uint64_t length = work->job->length_bytes;
    struct copy_run run = {0};

    for (; position < length; position += run.length_bytes) {
        if (!copy_run_at(&work->view, &work->region, position, length, &run, err))
            return false;
        if (run.written)
            break;
    }
    *found = position < length;
    record->start = position;
    record->next = min_u64(position + REKEY_CHUNK_BYTES, length);
    return true;
}

static void mark_blocks(struct rekey_record *record, uint64_t offset, uint64_t length)
{
    unsigned first = (unsigned)((offset - record->start) / REKEY_BLOCK_BYTES);
    unsigned count = (unsigned)(length / REKEY_BLOCK_BYTES);

    for (unsigned block = first; block < first + count; block++)
        record->blocks[block / 8] |= (uint8_t)(1u << block % 8);
}

static bool find_blocks(struct rekey_work *work, struct rekey_record *record, struct error *err)
{
    struct copy_run run;

    for (uint64_t at = record->start; at < record->next; at += run.length_bytes) {
        if (!copy_run_at(&work->view, &work->region, at, record->next, &run, err))
            return false;
        if (run.written)
            mark_blocks(record, at, run.length_bytes);
    }
    return true;
}

static bool rekey_chunk(struct rekey_work *work, struct rekey_record *record, struct error *err)
{
    return find_blocks(work, record, err) && for_each_run(work, record, read_recrypted, err) &&
           rekey_journal_write(&work->journal, record, work->chunk, err) &&
           for_each_run(work, record, write_in_place, err);
}

static bool rekey_from(struct rekey_work *work, uint64_t position, uint64_t sequence,
                       struct error *err)
{
    const struct coldseal_progress *progress = &work->job->progress;
    bool found = true;

    for (;; sequence++) {
        struct rekey_record record = {.sequence = sequence};
        if (!next_chunk(work, position, &record, &found, err))
            return false;
        if (!found)
            return disk_flush(work->job->disk, err);
        if (!rekey_chunk(work, &record, err))
            return false;
        position = record.next;
        if (progress->update != NULL)
            progress->update(progress->context, "rekey", position, work->job->length_bytes);
    }
}

bool rekey_data_run(const struct rekey_data_job *job, struct rekey_data_result *result,
                    struct error *err)
{
    __attribute__((cleanup(rekey_work_end))) struct rekey_work work = {.job = job,
                                                                       .result = result};
    struct rekey_record last;
    bool found;

    *result = (struct rekey_data_result){0};
    if (!rekey_work_start(&work, err) || !rekey_journal_last(&work.journal, &last, &found, err))
        return false;
    if (!found)
        return rekey_from(&work, 0, 1, err);
    result->resumed_at = last.start;
    return replay(&work, &last, err) && rekey_from(&work, last.next, last.sequence + 1, err);
}

bool rekey_data_check(const struct rekey_data_job *job, struct error *err)
{
    return disk_check_writable(job->disk, job->offset_bytes, LUKS2_HEADER_BYTES, err) &&
           disk_check_data_writable(job->disk, job->offset_bytes + LUKS2_HEADER_BYTES,
                                    job->length_bytes, err);
}
