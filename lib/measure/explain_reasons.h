/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEASURE_EXPLAIN_REASONS_H
#define MEASURE_EXPLAIN_REASONS_H

#include "measure/explain.h"

struct explain_reason {
    const char *name; /* "kernel-updated": for programs; coldseal-explain(1) lists them */
    const char *text; /* for people: what has happened, and what to do */
};

/* The likely reason for a difference; never NULL, static. */
const struct explain_reason *explain_reason_find(const struct difference *difference);

#endif
