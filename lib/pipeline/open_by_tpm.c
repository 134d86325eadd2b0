/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/open_by_tpm.h"

#include "seal/sealed_token.h"

static bool try_token(struct tpm *tpm, json_object *json, const struct luks2_header *header,
                      struct opened *opened, struct error *err)
{
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, err);
    OWNED(secret) passphrase = token == NULL ? NULL : sealed_token_unseal(tpm, token, err);

    if (passphrase == NULL)
        return false;
    opened->volume_key = luks2_volume_key_at(header, token->keyslot, passphrase, err);
    if (opened->volume_key == NULL)
        return false;
    opened->passphrase = TAKE(passphrase);
    opened->keyslot = token->keyslot;
    return true;
}

bool header_open_by_tpm(const struct luks2_header *header, const char *tcti, struct opened *opened,
                        struct error *err)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    size_t count = luks2_header_tokens(header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    *opened = (struct opened){0};
    OWNED(tpm) tpm = tpm_open(tcti, err);
    if (tpm == NULL)
        return false;
    if (count == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED, "not sealed to a TPM: no systemd-tpm2 token");
    for (size_t i = 0; i < count; i++) {
        if (try_token(tpm, tokens[i], header, opened, err))
            return true;
        error_wrap(err, "token %u", numbers[i]);
    }
    return false;
}
