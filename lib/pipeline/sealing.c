/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sealing.h"

#include <string.h>

#include "core/outfile.h"
#include "image/open.h"
#include "pipeline/describe.h"
#include "seal/policy.h"
#include "seal/sealed_token.h"
#include "token/provenance.h"
#include "token/recovery.h"

#define TPM_KEYSLOT 0
#define RECOVERY_KEYSLOT 1

void sealing_free(struct sealing *work)
{
    if (work == NULL)
        return;
    luks2_header_free(work->header);
    secret_free(work->recovery_key);
    secret_free(work->volume_key);
    encrypted_root_drop(&work->root);
    source_free(work->source);
    target_free(work->target);
    free(work);
}

static bool read_policy(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;

    work->target = options->target != NULL
                       ? target_read_file(options->target, err)
                       : target_from_public(options->parent, options->parent_kind, err);
    if (work->target == NULL || !pcr_values_read_file(options->pcr_values, &work->pcr_values, err))
        return false;
    work->pcr_mask = PCR_DEFAULT_MASK;
    return (options->pcrs == NULL || pcr_mask_parse(options->pcrs, &work->pcr_mask, err)) &&
           policy_pcr_digest(&work->pcr_values, work->pcr_mask, work->policy, err);
}

/* A recovery key file of an earlier run that was cut off before the header is in the way; nobody
 * but the caller knows that it is no other disk's. */
static bool check_outputs(const struct coldseal_seal_options *options, struct error *err)
{
    const char *recovery = options->recovery_key_out;

    if (recovery != NULL && strcmp(recovery, "-") != 0 &&
        !outfile_check(recovery, options->output.force, err))
        return error_wrap(err, "recovery key file");
    return options->in_place || (source_is_not(options->image, options->out, err) &&
                                 outfile_check(options->out, options->output.force, err));
}

static bool read_image(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    struct disk *disk = options->in_place ? image_open_writable(options->image, err)
                                          : image_open(options->image, NULL, err);

    work->source = disk == NULL ? NULL : source_over(disk, 0, err);
    return work->source != NULL && encrypted_root_read(work->source, &work->root, err) &&
           cleartext_side_read(work->source->disk, work->source->table, &work->side, err);
}

/* Is there a token for this very storage key and policy? */
static bool sealed_for_target(const struct sealing *work, struct error *err)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    size_t count =
        luks2_header_tokens(work->root.header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        OWNED(systemd_tpm2) token = systemd_tpm2_from_json(tokens[i], err);
        if (token != NULL && token->pcr_mask == work->pcr_mask &&
            memcmp(token->policy_digest, work->policy, sizeof(work->policy)) == 0 &&
            token->parent_name->size == work->target->name->size &&
            memcmp(token->parent_name->data, work->target->name->data, work->target->name->size) ==
                0)
            return true;
    }
    return false;
}

/* A run of the same command may have got as far as the new header: then the key that it was given
 * opens nothing any more, and all that is left is to clean up behind it. */
static bool open_image(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    struct error ignored = {0};

    work->volume_key = encrypted_root_open(&work->root, options->key_file, err);
    if (work->volume_key != NULL)
        return cleartext_side_check_pin(&work->side, work->root.header, work->volume_key, err);
    if (!options->in_place || err->code != COLDSEAL_KEY || !sealed_for_target(work, &ignored))
        return false;
    work->header = TAKE(work->root.header);
    work->already_sealed = true;
    return luks2_finish(work->source->disk, work->root.offset_bytes, work->header, err);
}

struct sealing *sealing_new(const struct coldseal_seal_options *options, struct error *err)
{
    OWNED(sealing) work = calloc(1, sizeof(*work));

    if (work == NULL) {
        error_no_memory(err);
        return NULL;
    }
    work->options = options;
    if (!read_policy(work, err) || !read_image(work, err) || !open_image(work, err))
        return NULL;
    if (!work->already_sealed && !check_outputs(options, err))
        return NULL;
    return TAKE(work);
}

/* What encrypt noted of the image goes on. */
static bool keep_origin(const struct sealing *work, json_object *token, struct error *err)
{
    static const char *const kept[] = {"source_sha256", "guest"};
    json_object *old, *value;
    unsigned number;

    if (luks2_header_tokens(work->root.header, PROVENANCE_TOKEN_TYPE, &old, &number, 1) == 0)
        return true;
    if (!provenance_check(old, err))
        return false;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (json_object_object_get_ex(old, kept[i], &value) &&
            !json_add(token, kept[i], json_object_get(value), err))
            return false;
    }
    return true;
}

static json_object *provenance(const struct sealing *work, struct error *err)
{
    OWNED_JSON token = provenance_new("sealed", err);
    uint8_t pin[PIN_BYTES];

    if (token == NULL || !luks2_pin(work->volume_key, work->root.header->uuid, pin, err))
        return NULL;
    json_object *pcrs = pcr_values_to_json(&work->pcr_values, work->pcr_mask, err);
    if (pcrs == NULL || !json_add(token, "pcrs", pcrs, err) || !keep_origin(work, token, err))
        return NULL;
    json_object *target = describe_target(work->target, err);
    if (target == NULL || !json_add(token, "target", target, err) ||
        !json_add(token, "policy", describe_hex(work->policy, sizeof(work->policy)), err) ||
        !json_add(token, "pin", describe_hex(pin, sizeof(pin)), err) ||
        !json_add(token, "key", json_object_new_string("shared"), err) ||
        !json_add(token, "recovery", json_object_new_boolean(work->recovery_key != NULL), err))
        return NULL;
    return TAKE(token);
}

static bool make_recovery(struct sealing *work, json_object **token, struct error *err)
{
    if (work->options->no_recovery)
        return true;
    work->recovery_key = recovery_key_new(err);
    if (work->recovery_key == NULL)
        return false;
    *token = recovery_token_json(RECOVERY_KEYSLOT, err);
    return *token != NULL;
}

bool sealing_build_header(struct sealing *work, struct error *err)
{
    OWNED(secret) passphrase = NULL;
    OWNED_JSON recovery_token = NULL;
    OWNED_JSON tpm_token =
        sealed_token_new(work->target, work->pcr_mask, work->policy, TPM_KEYSLOT, &passphrase, err);

    if (tpm_token == NULL || !make_recovery(work, &recovery_token, err))
        return false;
    OWNED_JSON provenance_token = provenance(work, err);
    if (provenance_token == NULL)
        return false;
    const struct luks2_keyslot keyslots[] = {
        [TPM_KEYSLOT] = {.passphrase = passphrase, .cost = LUKS2_COST_RANDOM, .token = tpm_token},
        [RECOVERY_KEYSLOT] = {.passphrase = work->recovery_key,
                              .cost = LUKS2_COST_RANDOM,
                              .token = recovery_token},
    };
    const struct luks2_request request = {
        .uuid = work->root.header->uuid,
        .volume_key = work->volume_key,
        .keyslots = keyslots,
        .keyslot_count = work->recovery_key != NULL ? 2 : 1,
        .provenance = provenance_token,
    };
    work->header = luks2_build(&request, err);
    return work->header != NULL;
}
