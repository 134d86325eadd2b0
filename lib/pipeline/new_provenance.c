/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/new_provenance.h"

#include "pipeline/describe.h"
#include "token/provenance.h"

static bool keep_member(json_object *old, json_object *token, const char *key, struct error *err)
{
    json_object *value, *copy = NULL;

    if (old == NULL || !json_object_object_get_ex(old, key, &value))
        return true;
    /* many threads may seal from one header, and json-c counts references without regard to them */
    if (json_object_deep_copy(value, &copy, NULL) != 0)
        return error_no_memory(err);
    return json_add(token, key, copy, err);
}

static bool add_key(const struct new_provenance *request, json_object *old, json_object *token,
                    struct error *err)
{
    return request->key == NULL ? keep_member(old, token, "key", err)
                                : json_add(token, "key", json_object_new_string(request->key), err);
}

/* The TPM's keyslot stays, and what is known of it with it. */
static bool keep_policy(json_object *old, json_object *token, struct error *err)
{
    return keep_member(old, token, "target", err) && keep_member(old, token, "pcrs", err) &&
           keep_member(old, token, "policy", err) && keep_member(old, token, "states", err) &&
           keep_member(old, token, "coverage", err) && keep_member(old, token, "firmware", err) &&
           keep_member(old, token, "weak_policy", err);
}

json_object *new_provenance(const struct new_provenance *request, struct error *err)
{
    OWNED_JSON token = provenance_new(request->slots->sealed ? "sealed" : "pooled", err);
    json_object *old = NULL;
    unsigned number;

    if (luks2_header_tokens(request->old, PROVENANCE_TOKEN_TYPE, &old, &number, 1) > 0 &&
        !provenance_check(old, err))
        return NULL;
    if (token == NULL || !keep_member(old, token, "source_sha256", err) ||
        !keep_member(old, token, "guest", err) ||
        !json_add(token, "pin", describe_hex(request->identity->pin, PIN_BYTES), err) ||
        !add_key(request, old, token, err) ||
        !json_add(token, "recovery", json_object_new_boolean(request->slots->has_recovery), err))
        return NULL;
    if (request->in_place &&
        !json_add(token, PROVENANCE_REKEYED, json_object_new_boolean(true), err))
        return NULL;
    if (request->policy == NULL && request->slots->sealed && !keep_policy(old, token, err))
        return NULL;
    if (request->policy != NULL && !seal_policy_describe(request->policy, token, "policy", err))
        return NULL;
    return TAKE(token);
}
