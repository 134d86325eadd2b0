/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and HMAC over OpenSSL, named as the TPM names them. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stdint.h>

#include "core/error.h"
#include "core/own.h"
#include "core/secret.h"

#define DIGEST_MAX_BYTES 64

/* TCG Algorithm Registry 1.34, table 3: the values are TPM_ALG_ID. */
enum digest_algorithm {
    DIGEST_SHA1 = 0x0004,
    DIGEST_SHA256 = 0x000b,
    DIGEST_SHA384 = 0x000c,
    DIGEST_SHA512 = 0x000d,
};

/* Bytes of a digest; 0 for an algorithm that is none of the above. */
size_t digest_size(enum digest_algorithm algorithm);
/* "sha256"; NULL for an unknown one. */
const char *digest_name(enum digest_algorithm algorithm);
/* From "sha256"; false for an unknown name. */
bool digest_from_name(const char *name, enum digest_algorithm *algorithm);

/* One-shot; `out` has room for digest_size(). COLDSEAL_KEY when OpenSSL fails. */
bool digest_bytes(enum digest_algorithm algorithm, const void *data, size_t size, uint8_t *out,
                  struct error *err);
bool digest_hmac(enum digest_algorithm algorithm, const void *key, size_t key_size,
                 const void *data, size_t size, uint8_t *out, struct error *err);

/* In pieces. */
struct digest;
struct digest *digest_new(enum digest_algorithm algorithm, struct error *err);
bool digest_update(struct digest *digest, const void *data, size_t size, struct error *err);
/* Once; the object can only be freed afterwards. */
bool digest_final(struct digest *digest, uint8_t *out, struct error *err);
void digest_free(struct digest *digest);
DEFINE_OWNED(digest);

#endif
