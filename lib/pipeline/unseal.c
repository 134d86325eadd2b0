/* SPDX-License-Identifier: Apache-2.0 */
/* unseal: ask a TPM that can be reached for the key, as the guest would. */
#include "pipeline/source.h"
#include "report/report.h"
#include "seal/sealed_token.h"

/* The passphrase counts only when it opens the header. */
static struct secret *try_token(struct tpm *tpm, json_object *json,
                                const struct luks2_header *header, unsigned *keyslot,
                                struct error *err)
{
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, err);

    if (token == NULL)
        return NULL;
    OWNED(secret) passphrase = sealed_token_unseal(tpm, token, err);
    if (passphrase == NULL)
        return NULL;
    OWNED(secret) volume_key = luks2_volume_key_at(header, token->keyslot, passphrase, err);
    if (volume_key == NULL)
        return NULL;
    *keyslot = token->keyslot;
    return TAKE(passphrase);
}

static struct secret *try_tokens(struct tpm *tpm, const struct luks2_header *header,
                                 unsigned *keyslot, struct error *err)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    size_t count = luks2_header_tokens(header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    if (count == 0)
        error_set(err, COLDSEAL_UNSUPPORTED, "not sealed to a TPM: no systemd-tpm2 token");
    for (size_t i = 0; i < count; i++) {
        struct secret *passphrase = try_token(tpm, tokens[i], header, keyslot, err);
        if (passphrase != NULL)
            return passphrase;
        error_wrap(err, "token %u", numbers[i]);
    }
    return NULL;
}

bool coldseal_unseal(const struct coldseal_unseal_options *options,
                     struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("unseal", err);
    OWNED_ENCRYPTED_ROOT root = {0};
    unsigned keyslot = 0;

    if (report == NULL)
        return false;
    OWNED(source) source = source_open(options->image, 0, err);
    if (source == NULL || !encrypted_root_read(source, &root, err))
        return false;
    OWNED(tpm) tpm = tpm_open(options->tcti, err);
    if (tpm == NULL)
        return false;
    OWNED(secret) passphrase = try_tokens(tpm, root.header, &keyslot, err);
    if (passphrase == NULL || !secret_write_file(passphrase, options->key_out, err))
        return false;
    json_object *json = report_json(report);
    if (!json_add(json, "keyslot", json_object_new_int((int)keyslot), err) ||
        !json_add(json, "uuid", json_object_new_string(root.header->uuid), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
