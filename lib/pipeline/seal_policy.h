/* SPDX-License-Identifier: Apache-2.0 */
/* To which TPM, and under which PCR values. */
#ifndef PIPELINE_SEAL_POLICY_H
#define PIPELINE_SEAL_POLICY_H

#include "measure/coverage.h"
#include "pipeline/identity.h"
#include "pipeline/source.h"
#include "seal/target.h"

/* Values that the target may have: each gets a token and a keyslot. */
struct seal_state {
    char *name; /* owned: of the prediction; NULL with PCR values */
    struct pcr_values values;
    uint8_t digest[32]; /* of the policy */
};

struct seal_policy {
    const struct coldseal_policy_options *options;
    struct target *target;
    uint32_t mask;
    size_t state_count; /* 0: not predicted yet */
    struct seal_state states[PREDICTION_STATE_LIMIT];
    struct coverage coverage;
    bool is_weak;          /* it leaves out something that decides the boot; somebody allowed it */
    json_object *firmware; /* owned: where the predicted states come from; NULL with PCR values */
};

/* The target, and the PCR values where the options bring them. `new_pin`: the image's pin becomes
 * another, and with it PCR 8 and 9 (grub.cfg and the command line): values of a boot before that do
 * not hold. COLDSEAL_USAGE. COLDSEAL_TPM for a policy that does not protect. */
struct seal_policy *seal_policy_read(const struct coldseal_policy_options *options, bool new_pin,
                                     struct error *err);
/* The same in two steps, for many targets in the same states: first without a target, … */
struct seal_policy *seal_policy_read_states(const struct coldseal_policy_options *options,
                                            bool new_pin, struct error *err);
/* … then, where needed after seal_policy_predict(), with the one that `options` name. May be called
 * from several threads with the same `states`. */
struct seal_policy *seal_policy_with_target(const struct seal_policy *states,
                                            const struct coldseal_policy_options *options,
                                            struct error *err);
/* With firmware states in the options, the values that `source` will have there: as it is, or,
 * where `identity` is not NULL, with that identity in its grub.cfg. Otherwise there is nothing to
 * do. */
bool seal_policy_predict(struct seal_policy *policy, const struct source *source,
                         const struct cleartext_side *side, const struct identity *identity,
                         struct error *err);
void seal_policy_free(struct seal_policy *policy);
DEFINE_OWNED(seal_policy);

/* The token is for this storage key; for this policy as well. False, too, for one that cannot be
 * read. */
bool seal_policy_names_parent(const struct seal_policy *policy, json_object *token);
bool seal_policy_matches(const struct seal_policy *policy, json_object *token);

/* Adds what the provenance token and the report say of it: "target", "pcrs", "coverage", and the
 * digest under `digest_key`, of the first state; where there are several, "states" has name,
 * PCRs and digest of each. "firmware" and "weak_policy" where they apply. */
bool seal_policy_describe(const struct seal_policy *policy, json_object *json,
                          const char *digest_key, struct error *err);

#endif
