/* SPDX-License-Identifier: Apache-2.0 */
/* verify: what the header is sealed to. */
#include "pipeline/verify.h"

#include <string.h>

#include "core/hex.h"
#include "seal/policy.h"
#include "seal/public.h"
#include "seal/target.h"
#include "token/provenance.h"
#include "token/systemd_tpm2.h"

/* One token with the names of its rows. */
struct sealed {
    unsigned number;
    struct systemd_tpm2 *token;
};

static bool same_bytes(const struct bytes *a, const struct bytes *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* The sealed object carries its policy itself; what the token says of it is for readers. */
static bool object_has_policy(const struct systemd_tpm2 *token, struct error *err)
{
    TPM2B_PUBLIC object;

    if (!public_parse(token->blob_public->data, token->blob_public->size, &object, err))
        return false;
    const TPM2B_DIGEST *policy = &object.publicArea.authPolicy;
    return (policy->size == sizeof(token->policy_digest) &&
            memcmp(policy->buffer, token->policy_digest, policy->size) == 0) ||
           error_set(err, COLDSEAL_BAD_IMAGE,
                     "the sealed object has another policy than the token says");
}

static bool check_token(struct verification *work, const struct sealed *sealed, struct error *err)
{
    struct error why = {0};
    char pcrs[64];

    if (!object_has_policy(sealed->token, &why)) {
        error_wrap(&why, "token %u", sealed->number);
        return checks_error(&work->checks, "tpm-token", &why, err);
    }
    pcr_mask_format(sealed->token->pcr_mask, pcrs);
    return checks_ok(&work->checks, "tpm-token", err, "token %u: keyslot %u, PCRs %s",
                     sealed->number, sealed->token->keyslot, pcrs);
}

static bool check_pcrs(struct verification *work, const struct sealed *sealed, struct error *err)
{
    uint32_t missing = PCR_DEFAULT_MASK & ~sealed->token->pcr_mask;
    char pcrs[64];

    pcr_mask_format(missing, pcrs);
    return missing != 0
               ? checks_failed(&work->checks, "policy-pcrs", err,
                               "token %u: its policy leaves out PCR %s, so the host may "
                               "change what they measure",
                               sealed->number, pcrs)
               : checks_ok(&work->checks, "policy-pcrs", err,
                           "token %u: every PCR that protects this boot chain", sealed->number);
}

static bool policy_follows_state(const struct systemd_tpm2 *token, json_object *state,
                                 bool *follows, struct error *err)
{
    struct pcr_values values;
    uint8_t policy[32];

    if (!pcr_values_from_json(state, &values, err) ||
        !policy_pcr_digest(&values, token->pcr_mask, policy, err))
        return false;
    *follows = memcmp(policy, token->policy_digest, sizeof(policy)) == 0;
    return true;
}

/* Where the target may be in several states, each has values and a token of its own. */
static bool policy_follows(const struct systemd_tpm2 *token, json_object *provenance, bool *follows,
                           struct error *err)
{
    json_object *states;

    if (!json_object_object_get_ex(provenance, "states", &states))
        return policy_follows_state(token, provenance, follows, err);
    if (!json_object_is_type(states, json_type_array))
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"states\" is not an array");
    *follows = false;
    for (size_t i = 0; i < json_object_array_length(states) && !*follows; i++) {
        if (!policy_follows_state(token, json_object_array_get_idx(states, i), follows, err))
            return false;
    }
    return true;
}

static bool check_policy(struct verification *work, const struct sealed *sealed,
                         json_object *provenance, struct error *err)
{
    struct error why = {0};
    bool follows = false;

    if (provenance == NULL)
        return checks_skipped(&work->checks, "policy-digest", err,
                              "token %u: there is no token that records the PCR values",
                              sealed->number);
    if (!policy_follows(sealed->token, provenance, &follows, &why)) {
        error_wrap(&why, "token %u", sealed->number);
        return checks_error(&work->checks, "policy-digest", &why, err);
    }
    return follows ? checks_ok(&work->checks, "policy-digest", err,
                               "token %u: follows from the recorded PCR values", sealed->number)
                   : checks_failed(&work->checks, "policy-digest", err,
                                   "token %u: does not follow from the recorded PCR values",
                                   sealed->number);
}

static bool check_target(struct verification *work, const struct sealed *sealed,
                         const struct target *target, struct error *err)
{
    const struct bytes *name = sealed->token->parent_name;
    char hex[2 * sizeof(TPM2B_NAME) + 1] = "";

    if (target == NULL) {
        /* the marshalled name begins with its own size, 2 bytes */
        if (name->size > 2 && name->size <= sizeof(TPM2B_NAME))
            hex_encode(name->data + 2, name->size - 2, hex);
        return checks_skipped(&work->checks, "target", err,
                              "token %u: sealed to the storage key named %s; --target was not "
                              "given",
                              sealed->number, hex);
    }
    return same_bytes(name, target->name)
               ? checks_ok(&work->checks, "target", err, "token %u: sealed to the target's key",
                           sealed->number)
               : checks_failed(&work->checks, "target", err,
                               "token %u: sealed to another key than the target's", sealed->number);
}

static bool check_each(struct verification *work, json_object *json, unsigned number,
                       json_object *provenance, const struct target *target, struct error *err)
{
    struct error why = {0};
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &why);
    const struct sealed sealed = {number, token};

    if (token == NULL) {
        error_wrap(&why, "token %u", number);
        return checks_error(&work->checks, "tpm-token", &why, err);
    }
    return check_token(work, &sealed, err) && check_pcrs(work, &sealed, err) &&
           check_policy(work, &sealed, provenance, err) && check_target(work, &sealed, target, err);
}

static const char *text_member(json_object *json, const char *key)
{
    json_object *value = NULL;

    json_object_object_get_ex(json, key, &value);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static bool check_provenance(struct verification *work, json_object **provenance, struct error *err)
{
    struct error why = {0};
    unsigned number;

    if (luks2_header_tokens(work->header, PROVENANCE_TOKEN_TYPE, provenance, &number, 1) == 0) {
        *provenance = NULL;
        return checks_failed(&work->checks, "provenance", err,
                             "no token says where this image comes from");
    }
    if (!provenance_check(*provenance, &why))
        return checks_error(&work->checks, "provenance", &why, err);
    return checks_ok(&work->checks, "provenance", err, "%s by %s, %s, volume key %s",
                     text_member(*provenance, "state"), text_member(*provenance, "tool"),
                     text_member(*provenance, "created"), text_member(*provenance, "key"));
}

bool verify_tokens(struct verification *work, struct error *err)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    json_object *provenance = NULL;
    OWNED(target) target = NULL;

    if (work->options->target != NULL &&
        (target = target_read_file(work->options->target, err)) == NULL)
        return false;
    if (work->header == NULL)
        return checks_skipped(&work->checks, "tpm-token", err, "there is no header to read");
    if (!check_provenance(work, &provenance, err))
        return false;
    size_t count =
        luks2_header_tokens(work->header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);
    for (size_t i = 0; i < count; i++) {
        if (!check_each(work, tokens[i], numbers[i], provenance, target, err))
            return false;
    }
    return true;
}
