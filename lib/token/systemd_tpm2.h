/* SPDX-License-Identifier: Apache-2.0 */
/* Token "systemd-tpm2", as systemd 255 and later read it (systemd src/shared/tpm2-util.c,
 * src/cryptsetup/cryptsetup-tokens/luks2-tpm2.c). */
#ifndef TOKEN_SYSTEMD_TPM2_H
#define TOKEN_SYSTEMD_TPM2_H

#include "core/digest.h"
#include "core/json.h"

struct systemd_tpm2 {
    unsigned keyslot;
    uint32_t pcr_mask;            /* bit N: PCR N */
    struct bytes *blob_private;   /* TPM2B_PRIVATE, marshalled with its size */
    struct bytes *blob_public;    /* TPM2B_PUBLIC, marshalled with its size */
    struct bytes *encrypted_seed; /* TPM2B_ENCRYPTED_SECRET, marshalled with its size */
    uint8_t policy_digest[32];
    /* The parent, for tpm2_srk: */
    uint32_t parent_handle;      /* 0x81000001 */
    struct bytes *parent_name;   /* TPM2B_NAME, marshalled with its size */
    struct bytes *parent_public; /* TPM2B_PUBLIC, marshalled with its size */
};

void systemd_tpm2_free(struct systemd_tpm2 *token);
DEFINE_OWNED(systemd_tpm2);
/* The token's JSON; the caller puts it. */
json_object *systemd_tpm2_to_json(const struct systemd_tpm2 *token, struct error *err);
/* Strict: what we do not write (PIN, salt, public key, pcrlock) is COLDSEAL_UNSUPPORTED, the rest
 * COLDSEAL_BAD_IMAGE. */
struct systemd_tpm2 *systemd_tpm2_from_json(json_object *json, struct error *err);

#endif
