/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/seal_policy.h"

#include <string.h>

#include "image/patched.h"
#include "pipeline/boot_states.h"
#include "pipeline/describe.h"
#include "seal/policy.h"
#include "token/systemd_tpm2.h"

/* GRUB measures grub.cfg into PCR 9, its commands and the kernel's command line into PCR 8. */
#define PCRS_OF_PIN (1u << 8 | 1u << 9)

/* States that differ only in PCRs that the policy leaves out are one. */
static bool add_state(struct seal_policy *policy, const struct pcr_values *values, const char *name,
                      struct error *err)
{
    struct seal_state state = {.values = *values};

    if (!policy_pcr_digest(&state.values, policy->mask, state.digest, err))
        return false;
    for (size_t i = 0; i < policy->state_count; i++) {
        if (memcmp(policy->states[i].digest, state.digest, sizeof(state.digest)) == 0)
            return true;
    }
    if (name != NULL && (state.name = strdup(name)) == NULL)
        return error_no_memory(err);
    policy->states[policy->state_count++] = state;
    return true;
}

/* Of several states the first one that is not covered counts. */
static bool check_coverage(struct seal_policy *policy, const struct coverage_facts *facts,
                           struct error *err)
{
    struct error weak = {0};

    if (policy->is_weak)
        return true;
    coverage_assess(facts, policy->mask, &policy->coverage);
    policy->is_weak = !coverage_is_enough(&policy->coverage, &weak);
    if (!policy->is_weak || policy->options->allow_weak_policy)
        return true;
    *err = weak;
    return false;
}

/* Values alone say neither whether Secure Boot is on nor which builds boot. */
static bool read_values(struct seal_policy *policy, bool new_pin, struct error *err)
{
    const struct coverage_facts facts = {.chain = PREDICTION_SHIM_GRUB};
    struct pcr_values values;

    if (new_pin && (policy->mask & PCRS_OF_PIN) != 0)
        return error_set(err, COLDSEAL_USAGE,
                         "the pin changes, and PCR 8 and 9 with it: --pcr-values of an earlier "
                         "boot cannot hold them, --firmware can");
    return pcr_values_read_file(policy->options->pcr_values, &values, err) &&
           add_state(policy, &values, NULL, err) && check_coverage(policy, &facts, err);
}

static bool read_target(struct seal_policy *policy, struct error *err)
{
    const struct coldseal_policy_options *options = policy->options;

    policy->target = options->target != NULL
                         ? target_read_file(options->target, err)
                         : target_from_public(options->parent, options->parent_kind, err);
    return policy->target != NULL;
}

struct seal_policy *seal_policy_read_states(const struct coldseal_policy_options *options,
                                            bool new_pin, struct error *err)
{
    OWNED(seal_policy) policy = calloc(1, sizeof(*policy));

    if (policy == NULL) {
        error_no_memory(err);
        return NULL;
    }
    policy->options = options;
    policy->mask = PCR_DEFAULT_MASK;
    if ((options->pcrs != NULL && !pcr_mask_parse(options->pcrs, &policy->mask, err)) ||
        (options->pcr_values != NULL && !read_values(policy, new_pin, err)))
        return NULL;
    return TAKE(policy);
}

struct seal_policy *seal_policy_read(const struct coldseal_policy_options *options, bool new_pin,
                                     struct error *err)
{
    OWNED(seal_policy) policy = seal_policy_read_states(options, new_pin, err);

    return policy != NULL && read_target(policy, err) ? TAKE(policy) : NULL;
}

/* Copies, since json-c counts references without regard to threads. */
static bool own_what_is_shared(struct seal_policy *policy, const struct seal_policy *states)
{
    bool ok = true;

    policy->firmware = NULL;
    for (size_t i = 0; i < policy->state_count; i++) {
        const char *name = states->states[i].name;
        policy->states[i].name = name == NULL ? NULL : strdup(name);
        ok &= name == NULL || policy->states[i].name != NULL;
    }
    return ok && (states->firmware == NULL ||
                  json_object_deep_copy(states->firmware, &policy->firmware, NULL) == 0);
}

struct seal_policy *seal_policy_with_target(const struct seal_policy *states,
                                            const struct coldseal_policy_options *options,
                                            struct error *err)
{
    OWNED(seal_policy) policy = malloc(sizeof(*policy));

    if (policy == NULL) {
        error_no_memory(err);
        return NULL;
    }
    *policy = *states;
    policy->options = options;
    policy->target = NULL;
    if (!own_what_is_shared(policy, states)) {
        error_no_memory(err);
        return NULL;
    }
    return read_target(policy, err) ? TAKE(policy) : NULL;
}

static bool take_states(struct seal_policy *policy, const struct boot_states *states,
                        struct error *err)
{
    const struct predictions *predictions = &states->predictions;

    if (policy->options->pcrs == NULL)
        policy->mask = prediction_chain_default_pcrs(states->chain.chain);
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *prediction = predictions->items[i];
        const struct coverage_facts facts =
            coverage_facts_predicted(prediction, states->secure_boot[i]);
        struct pcr_values values = {0};
        prediction_pcr_values(prediction, &values);
        if (!check_coverage(policy, &facts, err) ||
            !add_state(policy, &values, prediction->name, err))
            return false;
    }
    policy->firmware = boot_states_describe_firmware(states, err);
    return policy->firmware != NULL;
}

static bool predict_on(struct seal_policy *policy, struct disk *disk,
                       const struct partition_table *table, struct error *err)
{
    const struct coldseal_policy_options *options = policy->options;
    const struct boot_states_request request = {
        .firmware = options->firmware,
        .firmware_count = options->firmware_count,
        .data_dir = options->data_dir,
        .more = options->more,
    };
    OWNED_BOOT_STATES states = {0};
    struct boot_files *files = boot_files_from_disk(disk, table, err);

    return files != NULL && boot_states_predict(files, &request, &states, err) &&
           take_states(policy, &states, err);
}

/* The pin is measured: what counts is grub.cfg as it will be. */
static bool predict_with_pin(struct seal_policy *policy, const struct source *source,
                             const struct cleartext_side *side, const struct identity *identity,
                             struct error *err)
{
    const struct partition *esp = partition_by_role(source->table, ROLE_ESP);
    OWNED(disk) disk = patched_disk_new(source->disk, err);

    return disk != NULL &&
           (esp == NULL || !side->prepared ||
            cleartext_side_write_field(disk, partition_offset(source->table, esp),
                                       partition_length(source->table, esp), side, identity->uuid,
                                       identity->pin, err)) &&
           predict_on(policy, disk, source->table, err);
}

bool seal_policy_predict(struct seal_policy *policy, const struct source *source,
                         const struct cleartext_side *side, const struct identity *identity,
                         struct error *err)
{
    if (policy->options->firmware_count == 0)
        return true;
    if (!(identity != NULL ? predict_with_pin(policy, source, side, identity, err)
                           : predict_on(policy, source->disk, source->table, err)))
        return error_wrap(err, "predict what the image will measure");
    return true;
}

void seal_policy_free(struct seal_policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; i < policy->state_count; i++)
        free(policy->states[i].name);
    json_object_put(policy->firmware);
    target_free(policy->target);
    free(policy);
}

static bool same_name(const struct bytes *a, const struct bytes *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

bool seal_policy_names_parent(const struct seal_policy *policy, json_object *json)
{
    struct error ignored = {0};
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &ignored);

    return token != NULL && same_name(token->parent_name, policy->target->name);
}

bool seal_policy_matches(const struct seal_policy *policy, json_object *json)
{
    struct error ignored = {0};
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &ignored);

    if (token == NULL || token->pcr_mask != policy->mask ||
        !same_name(token->parent_name, policy->target->name))
        return false;
    for (size_t i = 0; i < policy->state_count; i++) {
        if (memcmp(token->policy_digest, policy->states[i].digest,
                   sizeof(policy->states[i].digest)) == 0)
            return true;
    }
    return false;
}

/* The digest says which token is this state's. */
static json_object *describe_state(const struct seal_policy *policy, const struct seal_state *state,
                                   struct error *err)
{
    OWNED_JSON json = pcr_values_to_json(&state->values, policy->mask, err);

    return json != NULL &&
                   json_add(json, "state",
                            json_object_new_string(state->name != NULL ? state->name : ""), err) &&
                   json_add(json, "policy", describe_hex(state->digest, sizeof(state->digest)), err)
               ? TAKE(json)
               : NULL;
}

static bool describe_states(const struct seal_policy *policy, json_object *json, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < policy->state_count; i++) {
        json_object *state = describe_state(policy, &policy->states[i], err);
        if (state == NULL || !json_append(array, state, err))
            return false;
    }
    return array != NULL && (policy->state_count < 2 || json_add(json, "states", TAKE(array), err));
}

static bool describe_protection(const struct seal_policy *policy, json_object *json,
                                struct error *err)
{
    json_object *coverage = coverage_to_json(&policy->coverage, err);

    return coverage != NULL && json_add(json, "coverage", coverage, err) &&
           (policy->firmware == NULL ||
            json_add(json, "firmware", json_object_get(policy->firmware), err)) &&
           (!policy->is_weak || json_add(json, "weak_policy", json_object_new_boolean(true), err));
}

bool seal_policy_describe(const struct seal_policy *policy, json_object *json,
                          const char *digest_key, struct error *err)
{
    const struct seal_state *first = &policy->states[0];
    json_object *target = describe_target(policy->target, err);

    if (target == NULL || !json_add(json, "target", target, err))
        return false;
    json_object *pcrs = pcr_values_to_json(&first->values, policy->mask, err);
    return pcrs != NULL && json_add(json, "pcrs", pcrs, err) &&
           json_add(json, digest_key, describe_hex(first->digest, sizeof(first->digest)), err) &&
           describe_states(policy, json, err) && describe_protection(policy, json, err);
}
