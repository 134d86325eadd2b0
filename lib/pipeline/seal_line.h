/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a targets file. */
#ifndef PIPELINE_SEAL_LINE_H
#define PIPELINE_SEAL_LINE_H

#include "pipeline/seal_states.h"
#include "pipeline/targets.h"

/* A line with what the command line says for all of them. */
struct seal_line {
    const struct target_line *target;
    struct coldseal_seal_options options;
    size_t states; /* index in the run's seal_states */
};

/* `line` borrows from both others. COLDSEAL_USAGE for what neither says. */
bool seal_line_merge(const struct coldseal_seal_options *common, const struct target_line *target,
                     struct seal_line *line, struct error *err);

/* Seals, and adds to `json` what a single seal reports; or finds the output of an earlier run
 * (`*there`), and completes what that left. From several threads at once. */
bool seal_line_run(const struct seal_line *line, const struct sealing *opened,
                   const struct seal_states *states, json_object *json, bool *there,
                   struct error *err);

#endif
