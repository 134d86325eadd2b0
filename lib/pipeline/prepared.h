/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's part, on an overlay over the input. */
#ifndef PIPELINE_PREPARED_H
#define PIPELINE_PREPARED_H

#include "guest/guest.h"
#include "pipeline/input.h"
#include "pipeline/source.h"
#include "pipeline/workspace.h"

struct prepared {
    struct workspace *workspace;
    struct disk *base; /* the input, which the overlay reads through */
    int overlay_fd;
    struct disk *native; /* over base, while it is being written without an appliance */
    struct guest_result *guest;
    struct source *source;      /* overlay over base: the prepared image */
    struct cleartext_side side; /* of the prepared image */
};

/* On an overlay of the input (borrowed), in an appliance or without one. */
struct prepared *prepared_new(struct input *input, const struct coldseal_guest_options *options,
                              struct coldseal_progress progress, struct error *err);
void prepared_free(struct prepared *prepared);
DEFINE_OWNED(prepared);

#endif
