/* SPDX-License-Identifier: Apache-2.0 */
/* What a new header changes in a disk, and nothing else of the disk: for outputs whose cost does
 * not depend on how large the disk is. */
#ifndef PIPELINE_SEALING_THIN_H
#define PIPELINE_SEALING_THIN_H

#include "image/output.h"
#include "pipeline/sealing.h"

/* A qcow2 over the image, with the clusters of the new header; to be committed. */
struct image_output *sealing_overlay(const struct sealing *work, struct error *err);

#endif
