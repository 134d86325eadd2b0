/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEAL_TARGET_NEW_H
#define SEAL_TARGET_NEW_H

#include <tss2/tss2_tpm2_types.h>

#include "seal/target.h"

/* A target for a storage key, checked, with its Name; the rest is empty. */
struct target *target_new(const TPM2B_PUBLIC *storage_key, const char *kind, const char *origin,
                          struct error *err);

#endif
