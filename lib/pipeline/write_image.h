/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a whole output image by a plan: partition table, partitions, LUKS2 header, the field of
 * grub.cfg. One pass over the source. */
#ifndef PIPELINE_WRITE_IMAGE_H
#define PIPELINE_WRITE_IMAGE_H

#include "crypt/copy.h"
#include "image/output.h"
#include "pipeline/source.h"

struct write_request {
    const struct source *source;
    const struct plan *plan;
    const struct cleartext_side *side; /* of the source */
    const char *path;
    const struct coldseal_output_options *options;
    struct coldseal_progress progress;

    enum copy_mode root_mode;
    const struct secret *source_key;   /* root's volume keys: of the source, … */
    const struct secret *target_key;   /* … and of the target; NULL where plain */
    const struct luks2_header *header; /* stored before root's data; NULL: none */
    bool holes_none;                   /* write every sector of root */
    const char *field_uuid;            /* NULL: grub.cfg stays as it is */
    const uint8_t *field_pin;
};

struct write_result {
    struct copy_result copied;
    bool free_blocks_left_out;
};

/* What would be refused only after long work: a wrong format, an output that exists, an output that
 * is the input. */
bool write_image_check(const char *in, const char *out,
                       const struct coldseal_output_options *options, struct error *err);

/* The caller commits. */
struct image_output *write_image(const struct write_request *request, struct write_result *result,
                                 struct error *err);

#endif
