/* SPDX-License-Identifier: Apache-2.0 */
/* What a new header changes, for stores that take blocks: see coldseal-seal(1), "Deltas". */
#ifndef PIPELINE_SEALING_DELTA_H
#define PIPELINE_SEALING_DELTA_H

#include "pipeline/sealing.h"

#define SEALING_DELTA_TYPE "coldseal-delta"
#define SEALING_DELTA_FORMAT 1

/* The document; the caller puts it. */
json_object *sealing_delta(const struct sealing *work, struct error *err);

#endif
