/* SPDX-License-Identifier: Apache-2.0 */
/* The TPM's key derivation functions: TPM 2.0 Library 1.59, part 1, 11.4.10. */
#ifndef SEAL_KDF_H
#define SEAL_KDF_H

#include "core/digest.h"
#include "core/secret.h"

/* Longest of all that goes into one derivation, the secret value aside. */
#define KDF_CONTEXT_LIMIT_BYTES ((size_t)256)

struct kdf_input {
    const void *data;
    size_t size;
};

/* KDFa: SP 800-108 in counter mode with HMAC; `label` without its NUL. `bits` is a multiple of 8.
 */
struct secret *kdf_a(enum digest_algorithm algorithm, const struct secret *key, const char *label,
                     struct kdf_input context_u, struct kdf_input context_v, unsigned bits,
                     struct error *err);
/* KDFe: SP 800-56A's one-step derivation from the x coordinate of an ECDH result. */
struct secret *kdf_e(enum digest_algorithm algorithm, const struct secret *z, const char *label,
                     struct kdf_input party_u, struct kdf_input party_v, unsigned bits,
                     struct error *err);

#endif
