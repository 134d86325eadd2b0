/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/seal_states.h"

#include <string.h>

struct state_set {
    const struct coldseal_policy_options *options;
    struct seal_policy *policy; /* without a target; NULL: … */
    struct error why;           /* … because of this */
};

struct seal_states {
    struct state_set sets[SEAL_STATES_LIMIT];
    size_t count;
};

struct seal_states *seal_states_new(struct error *err)
{
    struct seal_states *states = calloc(1, sizeof(*states));

    if (states == NULL)
        error_no_memory(err);
    return states;
}

void seal_states_free(struct seal_states *states)
{
    if (states == NULL)
        return;
    for (size_t i = 0; i < states->count; i++)
        seal_policy_free(states->sets[i].policy);
    free(states);
}

static bool same_name(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The rest of the options is the same for the whole run. */
static bool same_states(const struct coldseal_policy_options *a,
                        const struct coldseal_policy_options *b)
{
    if (a->firmware_count != b->firmware_count || !same_name(a->pcr_values, b->pcr_values))
        return false;
    for (size_t i = 0; i < a->firmware_count; i++) {
        if (strcmp(a->firmware[i], b->firmware[i]) != 0)
            return false;
    }
    return true;
}

/* With a volume key of its own each disk has a pin of its own, and is predicted with it later. */
static void fill(struct state_set *set, const struct sealing *opened, bool fresh)
{
    OWNED(seal_policy) policy = seal_policy_read_states(set->options, fresh, &set->why);

    if (policy != NULL &&
        (fresh || seal_policy_predict(policy, opened->source, &opened->side, NULL, &set->why)))
        set->policy = TAKE(policy);
}

bool seal_states_find(struct seal_states *states, const struct sealing *opened,
                      const struct coldseal_policy_options *options, bool fresh, size_t *index,
                      struct error *err)
{
    for (*index = 0; *index < states->count; (*index)++) {
        if (same_states(states->sets[*index].options, options))
            return true;
    }
    if (states->count == SEAL_STATES_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "more than %d different firmware states",
                         SEAL_STATES_LIMIT);
    states->sets[states->count].options = options;
    fill(&states->sets[states->count++], opened, fresh);
    return true;
}

struct seal_policy *seal_states_policy(const struct seal_states *states, size_t index,
                                       const struct coldseal_policy_options *options,
                                       struct error *err)
{
    const struct state_set *set = &states->sets[index];

    if (set->policy == NULL) {
        *err = set->why;
        return NULL;
    }
    return seal_policy_with_target(set->policy, options, err);
}
