/* SPDX-License-Identifier: Apache-2.0 */
/* A data segment encrypted anew where it lies. */
#ifndef CRYPT_REKEY_DATA_H
#define CRYPT_REKEY_DATA_H

#include "coldseal.h"
#include "core/secret.h"
#include "image/disk.h"

struct rekey_data_job {
    struct disk *disk;
    uint64_t offset_bytes; /* of the LUKS2 header, in which the journal lies */
    uint64_t length_bytes; /* of the data behind it; whole blocks */
    const struct secret *old_volume_key;
    const struct secret *new_volume_key;
    struct coldseal_progress progress;
};

struct rekey_data_result {
    uint64_t written_bytes; /* in their place */
    uint64_t resumed_at;    /* in the data; 0: from its start */
};

/* What a run that was cut off has begun is completed first, from the journal: however much of the
 * writes since its last flush has arrived. What never was written stays so. Flushed at the end. */
bool rekey_data_run(const struct rekey_data_job *job, struct rekey_data_result *result,
                    struct error *err);
/* Would the disk take every write? So that a rekey does not stop in its middle. */
bool rekey_data_check(const struct rekey_data_job *job, struct error *err);

#endif
