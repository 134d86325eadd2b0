/* SPDX-License-Identifier: Apache-2.0 */
/* The targets file of seal: JSON lines, one machine each. */
#ifndef PIPELINE_TARGETS_H
#define PIPELINE_TARGETS_H

#include "core/json.h"
#include "measure/predict.h"

#define TARGETS_FILE_LIMIT_BYTES ((size_t)64 << 20)
#define TARGETS_LINE_LIMIT_BYTES ((size_t)64 << 10)
#define TARGETS_LIMIT 100000

/* As the line has it; its strings live as long as `json`. */
struct target_line {
    json_object *json;
    size_t number; /* of the line, from 1 */
    enum coldseal_seal_form form;
    const char *out;
    const char *target;
    const char *parent;
    const char *parent_kind;
    const char *firmware[PREDICTION_STATE_LIMIT];
    size_t firmware_count;
    const char *pcr_values;
    const char *recovery_key_out;
    char *recovery_key_partial; /* its name until the disk is there; NULL without a key */
    bool no_recovery;
};

struct targets {
    struct target_line *lines;
    size_t count;
};

/* Reads and checks all of it: every line is one JSON object of the members that there are, and no
 * two files that will be written are one. COLDSEAL_BAD_IMAGE and COLDSEAL_USAGE name the line. */
struct targets *targets_read(const char *path, struct error *err);
/* The same from text. */
struct targets *targets_parse(const char *text, size_t size, struct error *err);
void targets_free(struct targets *targets);
DEFINE_OWNED(targets);

/* What of it will be written where something else will be, or where `reserved`, which may be NULL,
 * is. COLDSEAL_USAGE. */
bool targets_check_outputs(const struct targets *targets, const char *reserved, struct error *err);

#endif
