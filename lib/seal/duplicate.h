/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing offline: a keyed-hash object wrapped for TPM2_Import under a parent's public key.
 * TPM 2.0 Library 1.59, part 1, clause 23.3 (duplication) and annexes B.4, C.6.1. */
#ifndef SEAL_DUPLICATE_H
#define SEAL_DUPLICATE_H

#include "core/secret.h"
#include "seal/target.h"

/* TPM 2.0 part 2, 11.1.12: MAX_SYM_DATA */
#define DUPLICATE_SECRET_LIMIT_BYTES ((size_t)128)

struct duplicate {
    struct bytes *private;        /* TPM2B_PRIVATE, marshalled with its size */
    struct bytes *public;         /* TPM2B_PUBLIC */
    struct bytes *encrypted_seed; /* TPM2B_ENCRYPTED_SECRET */
};

/* `secret` is what TPM2_Unseal will return (at most DUPLICATE_SECRET_LIMIT_BYTES). The object's
 * Name is over SHA-256 whatever the parent's is over, so that its policy digest is one. */
struct duplicate *duplicate_seal(const struct target *parent, const struct secret *secret,
                                 const uint8_t policy_digest[32], struct error *err);
void duplicate_free(struct duplicate *duplicate);
DEFINE_OWNED(duplicate);

#endif
