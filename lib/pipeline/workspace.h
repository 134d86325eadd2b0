/* SPDX-License-Identifier: Apache-2.0 */
/* A private temporary folder, and in it the overlay that an appliance changes. */
#ifndef PIPELINE_WORKSPACE_H
#define PIPELINE_WORKSPACE_H

#include "core/error.h"
#include "core/own.h"

struct workspace {
    char *folder;
    char *overlay_path;
};

/* Below TMPDIR, else /var/tmp; mode 0700. */
struct workspace *workspace_new(struct error *err);
/* Removes what is in it. */
void workspace_free(struct workspace *workspace);
DEFINE_OWNED(workspace);

#endif
