/* SPDX-License-Identifier: Apache-2.0 */
/* An output that is there already: the result of an earlier run, or something else? */
#ifndef PIPELINE_SEAL_EXISTING_H
#define PIPELINE_SEAL_EXISTING_H

#include "pipeline/sealing.h"

/* Outputs come complete or not at all, so that one which was sealed from the image of `opened`, to
 * the target and the values of `policy`, with the keys that `options` ask for, is done.
 * COLDSEAL_IO says what it is instead. `policy` gets its values where they depend on the output's
 * own pin. */
bool seal_existing_check(const struct sealing *opened, const struct coldseal_seal_options *options,
                         struct seal_policy *policy, struct error *err);

#endif
