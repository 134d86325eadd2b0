/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are hints: what is checked here is that they stay within bounds and name keyslots that
 * exist. Their contents are for their own readers. */
#include <string.h>

#include "token/luks2_rules.h"
#include "token/provenance.h"

struct token_kind {
    const char *type;
    int keyslots; /* how many it names */
};

static const struct token_kind token_kinds[] = {
    {"systemd-tpm2", 1},
    {"systemd-recovery", 1},
    {PROVENANCE_TOKEN_TYPE, 0},
};

static const struct token_kind *token_kind_find(const char *type)
{
    for (size_t i = 0; i < sizeof(token_kinds) / sizeof(token_kinds[0]); i++) {
        if (strcmp(type, token_kinds[i].type) == 0)
            return &token_kinds[i];
    }
    return NULL;
}

static bool check_token_kind(json_object *token, const struct token_kind **kind, struct error *err)
{
    struct error ignored = {0};
    const char *type;

    if (!json_get_string(token, "type", &type, &ignored))
        return luks2_rule_broken(err, "token-type", "\"type\" is no string");
    *kind = token_kind_find(type);
    return *kind != NULL || luks2_rule_broken(err, "token-type", "unknown kind \"%s\"", type);
}

static bool check_token_size(json_object *token, struct error *err)
{
    size_t length = 0;

    if (json_object_to_json_string_length(token, JSON_C_TO_STRING_PLAIN, &length) == NULL)
        return error_no_memory(err);
    return length <= LUKS2_MAX_TOKEN_BYTES ||
           luks2_rule_broken(err, "token-size", "more than %u bytes", LUKS2_MAX_TOKEN_BYTES);
}

static bool check_token(json_object *root, json_object *token, unsigned *provenances,
                        struct error *err)
{
    const struct token_kind *kind;
    uint32_t mask;

    if (!check_token_kind(token, &kind, err) || !check_token_size(token, err) ||
        !luks2_rule_keyslot_list(root, token, "token-keyslots", &mask, err))
        return false;
    if (__builtin_popcount(mask) != kind->keyslots)
        return luks2_rule_broken(err, "token-keyslots", "%s names %d keyslots, not %d", kind->type,
                                 __builtin_popcount(mask), kind->keyslots);
    if (kind->keyslots == 0 && ++*provenances > 1)
        return luks2_rule_broken(err, "one-provenance", "a second token \"%s\"", kind->type);
    return true;
}

bool luks2_validate_tokens(json_object *root, struct error *err)
{
    unsigned provenances = 0;
    unsigned number;
    json_object *tokens;

    if (!luks2_rule_object(root, "tokens", "tokens", &tokens, err))
        return false;
    json_object_object_foreach(tokens, key, token)
    {
        if (!luks2_slot_number(key, LUKS2_MAX_TOKENS, &number))
            return luks2_rule_broken(err, "token-number", "\"%s\"", key);
        if (!check_token(root, token, &provenances, err))
            return error_wrap(err, "token %u", number);
    }
    return true;
}
