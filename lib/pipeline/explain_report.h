/* SPDX-License-Identifier: Apache-2.0 */
/* What explain found, as rows. */
#ifndef PIPELINE_EXPLAIN_REPORT_H
#define PIPELINE_EXPLAIN_REPORT_H

#include "pipeline/explain_log.h"

/* The three sides: what was sealed, what the image leads to, what the boot led to. */
struct explanation {
    const struct boot_record *record;
    uint32_t mask;                        /* PCRs that count */
    struct pcr_values sealed;             /* as the header records them; may know none */
    const char *sealed_state;             /* the name of that state; "" where there is only one */
    struct pcr_values predicted;          /* of the PCRs that the prediction is good for */
    const struct measured_list *expected; /* the prediction's events; NULL: there is none */
    const char *no_prediction;            /* why; "" where there is one */
};

/* Adds the members "pcrs", "differences" and "conclusion"; *differing is the PCRs that differ. */
bool explain_fill(const struct explanation *explanation, json_object *json, uint32_t *differing,
                  struct error *err);

#endif
