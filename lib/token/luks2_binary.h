/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two binary headers with its JSON text (LUKS2 On-Disk Format Specification 1.1.2,
 * chapter 2). Private to lib/token. */
#ifndef TOKEN_LUKS2_BINARY_H
#define TOKEN_LUKS2_BINARY_H

#include "core/bytes.h"
#include "core/reader.h"

#define LUKS2_BINARY_BYTES 4096
#define LUKS2_LABEL_BYTES 48
#define LUKS2_UUID_BYTES 40

enum luks2_copy_state {
    LUKS2_COPY_ABSENT,  /* no magic */
    LUKS2_COPY_INVALID, /* size or checksum wrong: a write that was cut off, or damage */
    LUKS2_COPY_VALID,
};

struct luks2_binary {
    unsigned copy;
    uint64_t sequence_id;
    char label[LUKS2_LABEL_BYTES];
    char uuid[LUKS2_UUID_BYTES];
    const char *json; /* borrowed; not NUL-terminated */
    size_t json_size;
};

/* Looks at copy 0 or 1 in `bytes` (LUKS2_HEADER_BYTES); with LUKS2_COPY_INVALID `err` says why.
 * Only `sequence_id` is set, on LUKS2_COPY_VALID. */
enum luks2_copy_state luks2_binary_probe(const struct bytes *bytes, unsigned copy,
                                         struct luks2_binary *binary, struct error *err);
/* Checks the fields of a valid copy and sets the rest. */
bool luks2_binary_read(const struct bytes *bytes, unsigned copy, struct luks2_binary *binary,
                       struct error *err);

/* Writes copy `copy` with `json` into LUKS2_METADATA_BYTES at `out`, which are zero. */
bool luks2_binary_write(const struct luks2_binary *binary, uint8_t *out, struct error *err);

#endif
