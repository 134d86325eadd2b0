/* SPDX-License-Identifier: Apache-2.0 */
/* A targets file of any bytes: what is taken has an output and what goes with it in each line. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pipeline/targets.h"

static void check_line(const struct target_line *line)
{
    if (line->out == NULL || *line->out == '\0' || line->firmware_count > PREDICTION_STATE_LIMIT)
        abort();
    if ((line->recovery_key_out == NULL) != (line->recovery_key_partial == NULL) ||
        (line->recovery_key_out != NULL && line->no_recovery))
        abort();
    for (size_t i = 0; i < line->firmware_count; i++) {
        if (line->firmware[i] == NULL || *line->firmware[i] == '\0')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED(targets) targets = targets_parse((const char *)data, size, &err);

    if (targets == NULL && err.code != COLDSEAL_BAD_IMAGE)
        abort();
    for (size_t i = 0; targets != NULL && i < targets->count; i++) {
        if (targets->lines[i].number != i + 1)
            abort();
        check_line(&targets->lines[i]);
    }
    return 0;
}
