/* SPDX-License-Identifier: Apache-2.0 */
/* The PCR values of many targets: predicted, or read, once for all that boot in the same states. */
#ifndef PIPELINE_SEAL_STATES_H
#define PIPELINE_SEAL_STATES_H

#include "pipeline/sealing.h"

/* Sets of values in one run. */
#define SEAL_STATES_LIMIT 256

struct seal_states;
struct seal_states *seal_states_new(struct error *err);
void seal_states_free(struct seal_states *states);
DEFINE_OWNED(seal_states);

/* The values that the options lead to for what is sealed from `opened`: `*index` of those that are
 * there, or of new ones. What goes wrong with the values themselves is kept for
 * seal_states_policy(). `options` is borrowed for as long as `states` lives. */
bool seal_states_find(struct seal_states *states, const struct sealing *opened,
                      const struct coldseal_policy_options *options, bool fresh, size_t *index,
                      struct error *err);
/* Values `index` for the target that `options` name. From several threads at once. */
struct seal_policy *seal_states_policy(const struct seal_states *states, size_t index,
                                       const struct coldseal_policy_options *options,
                                       struct error *err);

#endif
