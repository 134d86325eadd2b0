/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/seal_policy.h"

#include <string.h>

#include "pipeline/describe.h"
#include "seal/policy.h"
#include "token/systemd_tpm2.h"

/* GRUB measures grub.cfg into PCR 9, its commands and the kernel's command line into PCR 8. */
#define PCRS_OF_PIN (1u << 8 | 1u << 9)

static bool read_values(struct seal_policy *policy, const struct coldseal_policy_options *options,
                        bool new_pin, struct error *err)
{
    policy->mask = PCR_DEFAULT_MASK;
    if (options->pcrs != NULL && !pcr_mask_parse(options->pcrs, &policy->mask, err))
        return false;
    if (new_pin && (policy->mask & PCRS_OF_PIN) != 0)
        return error_set(err, COLDSEAL_USAGE,
                         "the pin changes, and PCR 8 and 9 with it: --pcr-values of an earlier "
                         "boot cannot hold them");
    return pcr_values_read_file(options->pcr_values, &policy->values, err) &&
           policy_pcr_digest(&policy->values, policy->mask, policy->digest, err);
}

struct seal_policy *seal_policy_read(const struct coldseal_policy_options *options, bool new_pin,
                                     struct error *err)
{
    OWNED(seal_policy) policy = calloc(1, sizeof(*policy));

    if (policy == NULL) {
        error_no_memory(err);
        return NULL;
    }
    policy->target = options->target != NULL
                         ? target_read_file(options->target, err)
                         : target_from_public(options->parent, options->parent_kind, err);
    if (policy->target == NULL || !read_values(policy, options, new_pin, err))
        return NULL;
    return TAKE(policy);
}

void seal_policy_free(struct seal_policy *policy)
{
    if (policy == NULL)
        return;
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

    return token != NULL && token->pcr_mask == policy->mask &&
           memcmp(token->policy_digest, policy->digest, sizeof(policy->digest)) == 0 &&
           same_name(token->parent_name, policy->target->name);
}

bool seal_policy_describe(const struct seal_policy *policy, json_object *json,
                          const char *digest_key, struct error *err)
{
    json_object *target = describe_target(policy->target, err);

    if (target == NULL || !json_add(json, "target", target, err))
        return false;
    json_object *pcrs = pcr_values_to_json(&policy->values, policy->mask, err);
    return pcrs != NULL && json_add(json, "pcrs", pcrs, err) &&
           json_add(json, digest_key, describe_hex(policy->digest, sizeof(policy->digest)), err);
}
