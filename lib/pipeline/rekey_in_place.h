/* SPDX-License-Identifier: Apache-2.0 */
/* rekey --in-place: for disks too large to copy. */
#ifndef PIPELINE_REKEY_IN_PLACE_H
#define PIPELINE_REKEY_IN_PLACE_H

#include "coldseal.h"
#include "core/json.h"

/* Starts, or completes what a run of the same options that was cut off has begun, at any write. The
 * order: keyslots, header that says "being rekeyed" (planned), key files, header (running), data
 * through the journal, pin, new header, wiping. Fills the report. */
bool rekey_in_place(const struct coldseal_rekey_options *options, json_object *json,
                    struct error *err);

#endif
