/* SPDX-License-Identifier: Apache-2.0 */
/* From a LUKS passphrase to a systemd-tpm2 token and back. */
#ifndef SEAL_SEALED_TOKEN_H
#define SEAL_SEALED_TOKEN_H

#include "seal/tpm.h"
#include "token/systemd_tpm2.h"

/* A fresh secret sealed to `target` under the PCRs of `mask` with `policy_digest`. *passphrase is
 * the LUKS passphrase of the token's keyslot: the base64 text of the secret. The caller puts the
 * JSON and frees the passphrase. */
json_object *sealed_token_new(const struct target *target, uint32_t pcr_mask,
                              const uint8_t policy_digest[32], unsigned keyslot,
                              struct secret **passphrase, struct error *err);

/* Asks the TPM for the passphrase of a parsed token. COLDSEAL_TPM as tpm_unseal(). */
struct secret *sealed_token_unseal(struct tpm *tpm, const struct systemd_tpm2 *token,
                                   struct error *err);

#endif
