/* SPDX-License-Identifier: Apache-2.0 */
/* The copy engine: from one disk to another, plain, encrypting or decrypting, by several threads in
 * bounded memory, each byte read once and written once. */
#ifndef CRYPT_COPY_H
#define CRYPT_COPY_H

#include "coldseal.h"
#include "core/secret.h"
#include "image/disk.h"
#include "image/ranges.h"

enum copy_mode { COPY_PLAIN, COPY_ENCRYPT, COPY_DECRYPT };

struct copy_region {
    uint64_t source_offset_bytes;
    uint64_t target_offset_bytes;
    uint64_t
        length_bytes; /* source bytes beyond the source's end, or of the padding below: zeros */
    uint64_t
        padded_length_bytes; /* >= length, what is written; a multiple of the sector if encrypted */
    enum copy_mode mode;
    /* Within the region: what must be written. NULL: for COPY_PLAIN what is not zero in the source,
     * else all. */
    const struct ranges *used;
};

struct copy_job {
    struct disk *source;
    struct disk *target;
    const struct copy_region *regions;
    size_t region_count;
    const struct secret *volume_key; /* NULL when all is plain */
    uint32_t sector_bytes;
    unsigned threads; /* 0: one for each processor */
    struct coldseal_progress progress;
};

struct copy_result {
    uint64_t read_bytes;
    uint64_t written_bytes;
    uint64_t hole_bytes;
};

/* The ranges of the target that copy_run() may write, in order: for image_output_request.allocated,
 * together with what else the caller writes. Regions must be in order of target offset. */
bool copy_append_ranges(struct ranges *allocated, struct disk *source,
                        const struct copy_region *region, struct error *err);
/* The first failure of any thread ends all of them and is the one reported. */
bool copy_run(const struct copy_job *job, struct copy_result *result, struct error *err);

#endif
