/* SPDX-License-Identifier: Apache-2.0 */
/* The states that a header is sealed to: one for each TPM keyslot. */
#ifndef PIPELINE_SEALED_STATES_H
#define PIPELINE_SEALED_STATES_H

#include "measure/prediction.h"
#include "pipeline/source.h"

struct sealed_state {
    char name[384]; /* "" where there is only one */
    struct pcr_values values;
};

struct sealed_states {
    uint32_t mask; /* PCRs of the policies */
    size_t count;
    struct sealed_state items[PREDICTION_STATE_LIMIT];
};

/* As the provenance token records them. None for an image that is not sealed, or not by coldseal.
 */
bool sealed_states_read(const struct source *source, struct sealed_states *states,
                        struct error *err);

/* How many PCRs of `mask` both know, with one value. */
unsigned pcr_values_in_common(const struct pcr_values *a, const struct pcr_values *b,
                              uint32_t mask);
/* The one that has most in common with `values`; NULL where there is none. */
const struct sealed_state *sealed_states_nearest(const struct sealed_states *states,
                                                 const struct pcr_values *values);

#endif
