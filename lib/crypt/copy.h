/* SPDX-License-Identifier: Apache-2.0 */
/* The copy engine: from one disk to another, plain, encrypting, decrypting or from one key to
 * another, by several threads in bounded memory, each byte read once and written once. */
#ifndef CRYPT_COPY_H
#define CRYPT_COPY_H

#include "coldseal.h"
#include "core/secret.h"
#include "image/disk.h"
#include "image/ranges.h"

enum copy_mode { COPY_PLAIN, COPY_ENCRYPT, COPY_DECRYPT, COPY_RECRYPT };

/* Crypted regions are written in blocks of this size, counted from the region's start. */
#define COPY_BLOCK_BYTES 4096

struct copy_region {
    uint64_t source_offset_bytes;
    uint64_t target_offset_bytes;
    /* Source bytes beyond the source's end, and of the padding below, are zeros. */
    uint64_t length_bytes;
    /* >= length, what is covered in the target; a multiple of the sector if crypted. */
    uint64_t padded_length_bytes;
    /* A crypted region is the data segment from its start: its first sector has tweak 0. */
    enum copy_mode mode;
    /* What must be written; offsets count from the region's start. A block that it touches is
     * written whole if crypted. NULL: for COPY_ENCRYPT everything, zeros and padding like the rest;
     * for the others what is not known to be zero in the source. In ciphertext that is a block that
     * never was written (a hole in the source stays a hole; a ciphertext block of zeros that is
     * stored is decrypted like any other). */
    const struct ranges *used;
};

struct copy_job {
    struct disk *source;
    struct disk *target;
    const struct copy_region *regions;
    size_t region_count;
    const struct secret *source_key; /* decrypts: COPY_DECRYPT, COPY_RECRYPT; else NULL */
    const struct secret *target_key; /* encrypts: COPY_ENCRYPT, COPY_RECRYPT; else NULL */
    uint32_t sector_bytes;
    unsigned threads; /* 0: two for each processor, up to 16 */
    struct coldseal_progress progress;
};

struct copy_result {
    uint64_t read_bytes;
    uint64_t written_bytes;
    uint64_t hole_bytes; /* covered by a region and not written */
};

/* The ranges of the target that copy_run() will write, exactly and in order: for
 * image_output_request.allocated, together with what else the caller writes. Regions must be in
 * order of target offset. */
bool copy_append_ranges(struct ranges *allocated, struct disk *source,
                        const struct copy_region *region, struct error *err);
/* The first failure of any thread ends all of them and is the one reported. Memory: a little more
 * than 1 MiB a thread. Progress has the stage "encrypt", "decrypt", "recrypt" or "copy". The target
 * is not flushed. */
bool copy_run(const struct copy_job *job, struct copy_result *result, struct error *err);

#endif
