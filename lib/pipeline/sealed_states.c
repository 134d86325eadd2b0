/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sealed_states.h"

#include <stdio.h>
#include <string.h>

#include "token/provenance.h"
#include "token/systemd_tpm2.h"

static void take_mask(const struct luks2_header *header, struct sealed_states *states)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    struct error ignored = {0};
    size_t count = luks2_header_tokens(header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        OWNED(systemd_tpm2) token = systemd_tpm2_from_json(tokens[i], &ignored);
        states->mask |= token == NULL ? 0 : token->pcr_mask;
    }
}

/* What cannot be read is information that is missing, and no more. */
static void take_state(json_object *json, struct sealed_states *states)
{
    struct sealed_state *state = &states->items[states->count];
    struct error ignored = {0};
    const char *name;

    if (!pcr_values_from_json(json, &state->values, &ignored))
        return;
    if (json_get_string(json, "state", &name, &ignored))
        snprintf(state->name, sizeof(state->name), "%s", name);
    states->count++;
}

bool sealed_states_read(const struct source *source, struct sealed_states *states,
                        struct error *err)
{
    OWNED_ENCRYPTED_ROOT root = {0};
    json_object *provenance, *list;
    unsigned number;

    *states = (struct sealed_states){0};
    if (partition_by_role(source->table, ROLE_ENCRYPTED_ROOT) == NULL)
        return true;
    if (!encrypted_root_read(source, &root, err))
        return false;
    take_mask(root.header, states);
    if (states->mask == 0 ||
        luks2_header_tokens(root.header, PROVENANCE_TOKEN_TYPE, &provenance, &number, 1) != 1)
        return true;
    if (!json_object_object_get_ex(provenance, "states", &list) ||
        !json_object_is_type(list, json_type_array)) {
        take_state(provenance, states);
        states->items[0].name[0] = '\0';
        return true;
    }
    for (size_t i = 0; i < json_object_array_length(list) && states->count < PREDICTION_STATE_LIMIT;
         i++)
        take_state(json_object_array_get_idx(list, i), states);
    return true;
}

unsigned pcr_values_in_common(const struct pcr_values *a, const struct pcr_values *b, uint32_t mask)
{
    unsigned common = 0;

    for (uint32_t pcr = 0; pcr < PCR_COUNT; pcr++) {
        if ((mask & a->known & b->known & UINT32_C(1) << pcr) != 0)
            common += memcmp(a->sha256[pcr], b->sha256[pcr], sizeof(a->sha256[pcr])) == 0;
    }
    return common;
}

const struct sealed_state *sealed_states_nearest(const struct sealed_states *states,
                                                 const struct pcr_values *values)
{
    const struct sealed_state *nearest = NULL;
    unsigned most = 0;

    for (size_t i = 0; i < states->count; i++) {
        unsigned common = pcr_values_in_common(&states->items[i].values, values, states->mask);
        if (nearest == NULL || common > most) {
            nearest = &states->items[i];
            most = common;
        }
    }
    return nearest;
}
