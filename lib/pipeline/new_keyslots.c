/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/new_keyslots.h"

#include <string.h>

#include "seal/sealed_token.h"
#include "token/recovery.h"

#define TPM_TOKEN_TYPE "systemd-tpm2"
#define RECOVERY_TOKEN_TYPE "systemd-recovery"

struct new_keyslots *new_keyslots_new(struct error *err)
{
    struct new_keyslots *slots = calloc(1, sizeof(*slots));

    if (slots == NULL)
        error_no_memory(err);
    return slots;
}

void new_keyslots_free(struct new_keyslots *slots)
{
    if (slots == NULL)
        return;
    for (size_t i = 0; i < slots->count; i++) {
        secret_free(slots->passphrases[i]);
        json_object_put(slots->items[i].token);
    }
    free(slots);
}

static bool has_room(const struct new_keyslots *slots, struct error *err)
{
    return slots->count < LUKS2_MAX_KEYSLOTS ||
           error_set(err, COLDSEAL_UNSUPPORTED, "more than %d keyslots", LUKS2_MAX_KEYSLOTS);
}

/* There is room; `slot->token` is taken over, `passphrase` as well. */
static void append(struct new_keyslots *slots, struct luks2_keyslot slot, struct secret *passphrase)
{
    const char *type = NULL;
    struct error ignored = {0};

    if (slot.token != NULL)
        json_get_string(slot.token, "type", &type, &ignored);
    bool tpm = type != NULL && strcmp(type, TPM_TOKEN_TYPE) == 0;
    slots->sealed |= tpm;
    slots->has_other |= !tpm;
    slots->has_recovery |= type != NULL && strcmp(type, RECOVERY_TOKEN_TYPE) == 0;
    slot.passphrase = passphrase;
    slots->passphrases[slots->count] = passphrase;
    slots->items[slots->count++] = slot;
}

static bool add_tpm_state(struct new_keyslots *slots, const struct seal_policy *policy,
                          const struct seal_state *state, struct error *err)
{
    OWNED(secret) passphrase = NULL;

    if (!has_room(slots, err))
        return false;
    json_object *token = sealed_token_new(policy->target, policy->mask, state->digest,
                                          (unsigned)slots->count, &passphrase, err);
    if (token == NULL)
        return false;
    append(slots, (struct luks2_keyslot){.cost = LUKS2_COST_RANDOM, .token = token},
           TAKE(passphrase));
    return true;
}

bool new_keyslots_add_tpm(struct new_keyslots *slots, const struct seal_policy *policy,
                          struct error *err)
{
    for (size_t i = 0; i < policy->state_count; i++) {
        if (!add_tpm_state(slots, policy, &policy->states[i], err))
            return false;
    }
    return true;
}

static bool add_copy(struct new_keyslots *slots, struct luks2_keyslot slot,
                     const struct secret *passphrase, struct error *err)
{
    OWNED_JSON token = slot.token;
    OWNED(secret) copy = secret_copy(passphrase->data, passphrase->size, err);

    if (copy == NULL || !has_room(slots, err))
        return false;
    slot.token = TAKE(token);
    append(slots, slot, TAKE(copy));
    return true;
}

bool new_keyslots_add_recovery(struct new_keyslots *slots, const struct secret *recovery_key,
                               struct error *err)
{
    json_object *token = recovery_token_json((unsigned)slots->count, err);

    return token != NULL &&
           add_copy(slots, (struct luks2_keyslot){.cost = LUKS2_COST_RANDOM, .token = token},
                    recovery_key, err);
}

bool new_keyslots_add_pool(struct new_keyslots *slots, const struct secret *pool_key,
                           enum luks2_cost cost, struct error *err)
{
    return add_copy(slots, (struct luks2_keyslot){.cost = cost}, pool_key, err);
}

static bool same_token(const struct new_keyslots *slots, const struct luks2_header *header,
                       unsigned number, json_object **token, struct error *err)
{
    json_object *old = luks2_header_keyslot_token(header, number);

    *token = old == NULL ? NULL : luks2_token_for_keyslot(old, (unsigned)slots->count, err);
    return old == NULL || *token != NULL;
}

bool new_keyslots_add_same(struct new_keyslots *slots, const struct luks2_header *header,
                           unsigned number, const struct secret *passphrase, struct error *err)
{
    struct luks2_keyslot slot = {
        .cost =
            luks2_header_keyslot_is_costly(header, number) ? LUKS2_COST_CHOSEN : LUKS2_COST_RANDOM,
    };

    return same_token(slots, header, number, &slot.token, err) &&
           add_copy(slots, slot, passphrase, err);
}

bool new_keyslots_keep(struct new_keyslots *slots, const struct luks2_header *header,
                       unsigned number, struct error *err)
{
    struct luks2_keyslot slot = {.kept_in = header, .kept_number = number};

    if (!has_room(slots, err) || !same_token(slots, header, number, &slot.token, err))
        return false;
    append(slots, slot, NULL);
    return true;
}

struct luks2_header *new_keyslots_build(const struct new_keyslots *slots,
                                        const struct identity *identity, json_object *provenance,
                                        struct error *err)
{
    const struct luks2_request request = {
        .uuid = identity->uuid,
        .volume_key = identity->volume_key,
        .keyslots = slots->items,
        .keyslot_count = slots->count,
        .provenance = provenance,
    };

    return luks2_build(&request, err);
}
