/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/sealed_token.h"

#include <string.h>

#include "seal/duplicate.h"

/* As systemd makes it (systemd 255, src/shared/tpm2-util.c, tpm2_seal): 32 random bytes. */
#define SEALED_SECRET_BYTES 32

json_object *sealed_token_new(const struct target *target, uint32_t pcr_mask,
                              const uint8_t policy_digest[32], unsigned keyslot,
                              struct secret **passphrase, struct error *err)
{
    OWNED(secret) secret = secret_random(SEALED_SECRET_BYTES, err);

    if (secret == NULL)
        return NULL;
    OWNED(secret) text = secret_base64(secret, err);
    if (text == NULL)
        return NULL;
    OWNED(duplicate) blob = duplicate_seal(target, secret, policy_digest, err);
    if (blob == NULL)
        return NULL;
    /* every pointer is borrowed: the token is only rendered */
    struct systemd_tpm2 token = {
        .keyslot = keyslot,
        .pcr_mask = pcr_mask,
        .blob_private = blob->private,
        .blob_public = blob->public,
        .encrypted_seed = blob->encrypted_seed,
        .parent_handle = SRK_HANDLE,
        .parent_name = target->name,
        .parent_public = target->storage_key,
    };
    memcpy(token.policy_digest, policy_digest, sizeof(token.policy_digest));
    json_object *json = systemd_tpm2_to_json(&token, err);
    if (json != NULL)
        *passphrase = TAKE(text);
    return json;
}

struct secret *sealed_token_unseal(struct tpm *tpm, const struct systemd_tpm2 *token,
                                   struct error *err)
{
    const struct target parent = {
        .storage_key = token->parent_public,
        .name = token->parent_name,
        .kind = "srk",
        .handle = token->parent_handle,
        .persisted = true,
    };
    const struct duplicate blob = {
        .private = token->blob_private,
        .public = token->blob_public,
        .encrypted_seed = token->encrypted_seed,
    };
    OWNED(secret) secret = tpm_unseal(tpm, &parent, &blob, token->pcr_mask, err);

    return secret == NULL ? NULL : secret_base64(secret, err);
}
