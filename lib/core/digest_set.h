/* SPDX-License-Identifier: Apache-2.0 */
/* The digests of one thing in every bank that a TPM of today measures into. */
#ifndef CORE_DIGEST_SET_H
#define CORE_DIGEST_SET_H

#include "core/digest.h"

#define DIGEST_SET_BANKS 3

struct digest_set {
    uint8_t sha1[20];
    uint8_t sha256[32];
    uint8_t sha384[48];
};

/* The algorithm of bank `index`, below DIGEST_SET_BANKS: SHA-1, SHA-256, SHA-384. */
enum digest_algorithm digest_set_algorithm(size_t index);
/* The value in a bank, digest_size() bytes inside the set; NULL for another algorithm. */
uint8_t *digest_set_value(struct digest_set *set, enum digest_algorithm algorithm);
const uint8_t *digest_set_value_const(const struct digest_set *set,
                                      enum digest_algorithm algorithm);
bool digest_set_equal(const struct digest_set *a, const struct digest_set *b);

/* One-shot; COLDSEAL_KEY when OpenSSL fails. */
bool digest_set_bytes(const void *data, size_t size, struct digest_set *out, struct error *err);
/* TPM 2.0 Library, part 1, clause 11.4.10: `pcr` becomes H(pcr ‖ digest), bank by bank. */
bool digest_set_extend(struct digest_set *pcr, const struct digest_set *digest, struct error *err);

/* In pieces. */
struct digest_set_stream;
struct digest_set_stream *digest_set_stream_new(struct error *err);
bool digest_set_stream_update(struct digest_set_stream *stream, const void *data, size_t size,
                              struct error *err);
/* Once; the object can only be freed afterwards. */
bool digest_set_stream_final(struct digest_set_stream *stream, struct digest_set *out,
                             struct error *err);
void digest_set_stream_free(struct digest_set_stream *stream);
DEFINE_OWNED(digest_set_stream);

#endif
