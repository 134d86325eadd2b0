/* SPDX-License-Identifier: Apache-2.0 */
/* The seed that protects a duplicate, carried to the parent's private key. */
#ifndef SEAL_DUPLICATE_SEED_H
#define SEAL_DUPLICATE_SEED_H

#include <tss2/tss2_tpm2_types.h>

#include "core/secret.h"

/* TPM 2.0 part 1, B.10.3 and C.6.1: the label that says what a seed is for. */
#define DUPLICATE_LABEL "DUPLICATE"

/* A fresh seed of the size of the parent's Name digest, and TPM2B_ENCRYPTED_SECRET for it. */
struct secret *duplicate_seed_rsa(const TPM2B_PUBLIC *parent, TPM2B_ENCRYPTED_SECRET *encrypted,
                                  struct error *err);
struct secret *duplicate_seed_ecc(const TPM2B_PUBLIC *parent, TPM2B_ENCRYPTED_SECRET *encrypted,
                                  struct error *err);

#endif
