/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/rekeying.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/key_files.h"
#include "pipeline/new_provenance.h"
#include "token/recovery.h"

#define POOL_KEY_FILE "key file"
#define RECOVERY_KEY_FILE "recovery key file"

void rekeying_free(struct rekeying *work)
{
    if (work == NULL)
        return;
    luks2_header_free(work->header);
    recipients_free(work->recipients);
    secret_free(work->recovery_key);
    secret_free(work->pool_key);
    new_keyslots_free(work->slots);
    identity_free(work->identity);
    for (size_t i = 0; i < work->opened_count; i++)
        opened_drop(&work->opened[i]);
    seal_policy_free(work->policy);
    free(work);
}

static bool read_policy(struct rekeying *work, struct error *err)
{
    const struct coldseal_policy_options *policy = &work->options->policy;

    if (policy->target == NULL && policy->parent == NULL)
        return true;
    work->policy = seal_policy_read(policy, true, err);
    return work->policy != NULL &&
           seal_policy_predict(work->policy, work->source, work->side, work->identity, err);
}

static bool open_with_all(struct rekeying *work, struct error *err)
{
    const struct coldseal_rekey_options *options = work->options;

    if (options->key_file_count > LUKS2_MAX_KEYSLOTS)
        return error_set(err, COLDSEAL_USAGE, "more than %d key files", LUKS2_MAX_KEYSLOTS);
    for (; work->opened_count < options->key_file_count; work->opened_count++) {
        const char *file = options->key_files[work->opened_count];
        if (!header_open(work->old, file, &work->opened[work->opened_count], err))
            return error_wrap(err, "%s", file);
    }
    return cleartext_side_check_pin(work->side, work->old, work->opened[0].volume_key, err);
}

static const struct secret *secret_at_hand(const struct rekeying *work, unsigned keyslot)
{
    for (size_t i = 0; i < work->opened_count; i++) {
        if (work->opened[i].keyslot == keyslot)
            return work->opened[i].passphrase;
    }
    return NULL;
}

/* A sealed image has no pool keys, and one keyslot for its TPM. */
static bool is_replaced(const struct rekeying *work, unsigned keyslot)
{
    json_object *token = luks2_header_keyslot_token(work->old, keyslot);

    if (work->policy == NULL)
        return false;
    return token == NULL ? secret_at_hand(work, keyslot) != NULL
                         : seal_policy_names_parent(work->policy, token);
}

static bool refuse_missing(const struct rekeying *work, uint32_t missing, struct error *err)
{
    char list[LUKS2_MAX_KEYSLOTS * 24] = "";
    struct error ignored = {0};

    for (unsigned slot = 0; slot < LUKS2_MAX_KEYSLOTS; slot++) {
        const char *type = "no token";
        size_t used = strlen(list);
        if ((missing >> slot & 1) == 0)
            continue;
        json_object *token = luks2_header_keyslot_token(work->old, slot);
        if (token != NULL)
            json_get_string(token, "type", &type, &ignored);
        snprintf(list + used, sizeof(list) - used, "%s%u (%s)", used == 0 ? "" : ", ", slot, type);
    }
    return error_set(err, COLDSEAL_KEY,
                     "the secrets of these keyslots are not at hand: %s; give each with "
                     "--key-file, or say --drop-slot",
                     list);
}

static bool decide_keyslots(struct rekeying *work, struct error *err)
{
    uint32_t there = luks2_header_keyslots(work->old);
    uint32_t missing = 0;

    for (unsigned slot = 0; slot < LUKS2_MAX_KEYSLOTS; slot++) {
        uint32_t bit = UINT32_C(1) << slot;
        if ((there & ~work->options->drop_slots & bit) == 0 || is_replaced(work, slot))
            continue;
        if (secret_at_hand(work, slot) != NULL)
            work->kept |= bit;
        else
            missing |= bit;
    }
    if ((work->options->drop_slots & ~there) != 0)
        return error_set(err, COLDSEAL_USAGE, "--drop-slot names a keyslot that does not exist");
    return missing == 0 || refuse_missing(work, missing, err);
}

static bool add_kept(struct rekeying *work, struct error *err)
{
    for (unsigned slot = 0; slot < LUKS2_MAX_KEYSLOTS; slot++) {
        if ((work->kept >> slot & 1) != 0 &&
            !new_keyslots_add_same(work->slots, work->old, slot, secret_at_hand(work, slot), err))
            return false;
    }
    return true;
}

static bool add_new(struct rekeying *work, struct error *err)
{
    if (work->options->key_out != NULL) {
        work->pool_key = secret_random(POOL_KEY_BYTES, err);
        if (work->pool_key == NULL ||
            !new_keyslots_add_pool(work->slots, work->pool_key, LUKS2_COST_RANDOM, err))
            return false;
    }
    if (work->options->recovery_key_out == NULL)
        return true;
    work->recovery_key = recovery_key_new(err);
    return work->recovery_key != NULL &&
           new_keyslots_add_recovery(work->slots, work->recovery_key, err);
}

static bool check_way_in(const struct rekeying *work, struct error *err)
{
    if (work->slots->count == 0)
        return error_set(err, COLDSEAL_USAGE,
                         "nothing would open the image: give --key-out or a target, or keep a "
                         "keyslot");
    return work->slots->has_other || work->options->no_recovery ||
           error_set(err, COLDSEAL_USAGE,
                     "nothing but the TPM would open the image: give --recovery-key-out, or say "
                     "--no-recovery");
}

static bool build_header(struct rekeying *work, struct error *err)
{
    const struct new_provenance request = {
        .old = work->old,
        .identity = work->identity,
        .slots = work->slots,
        .policy = work->policy,
        .key = "fresh",
        .in_place = work->options->in_place,
    };
    OWNED_JSON provenance = new_provenance(&request, err);

    if (provenance == NULL)
        return false;
    work->header = new_keyslots_build(work->slots, work->identity, provenance, err);
    return work->header != NULL;
}

/* Key, pin, policy, keyslots, header: in this order, since each hangs on the one before. */
static bool make_header(struct rekeying *work, struct error *err)
{
    const struct coldseal_rekey_options *options = work->options;
    const char *uuid = options->luks_uuid;

    if (uuid == NULL && options->in_place)
        uuid = work->old->uuid;
    work->identity = identity_new(uuid, err);
    work->slots = work->identity == NULL ? NULL : new_keyslots_new(err);
    return work->slots != NULL && read_policy(work, err) && decide_keyslots(work, err) &&
           (work->policy == NULL || new_keyslots_add_tpm(work->slots, work->policy, err)) &&
           add_kept(work, err) && add_new(work, err) && check_way_in(work, err) &&
           build_header(work, err);
}

struct rekeying *rekeying_new(const struct coldseal_rekey_options *options,
                              const struct source *source, const struct cleartext_side *side,
                              const struct luks2_header *old, struct error *err)
{
    OWNED(rekeying) work = calloc(1, sizeof(*work));
    bool force = options->output.force;

    if (work == NULL) {
        error_no_memory(err);
        return NULL;
    }
    work->options = options;
    work->source = source;
    work->side = side;
    work->old = old;
    if (!key_file_check(options->key_out, force, POOL_KEY_FILE, err) ||
        !key_file_check(options->recovery_key_out, force, RECOVERY_KEY_FILE, err) ||
        (work->recipients = recipients_read(&options->escrow, err)) == NULL ||
        !open_with_all(work, err) || !make_header(work, err))
        return NULL;
    return TAKE(work);
}

bool rekeying_write_keys(const struct rekeying *work, struct error *err)
{
    const struct coldseal_rekey_options *options = work->options;
    bool force = options->output.force;

    if (!key_file_write(work->pool_key, work->recipients, options->key_out, force, POOL_KEY_FILE,
                        err))
        return false;
    if (key_file_write(work->recovery_key, work->recipients, options->recovery_key_out, force,
                       RECOVERY_KEY_FILE, err))
        return true;
    key_file_take_back(options->key_out);
    return false;
}

void rekeying_take_keys_back(const struct rekeying *work)
{
    key_file_take_back(work->options->key_out);
    key_file_take_back(work->options->recovery_key_out);
}
