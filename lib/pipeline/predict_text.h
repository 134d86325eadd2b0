/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_PREDICT_TEXT_H
#define PIPELINE_PREDICT_TEXT_H

#include "measure/prediction.h"

/* For people: a table of events with their SHA-256 digests, the PCRs, and what may come otherwise.
 * Freed with free(3). */
char *predict_text(const struct predictions *predictions, struct error *err);

#endif
