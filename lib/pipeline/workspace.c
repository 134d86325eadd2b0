/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/workspace.h"

#include <stdio.h>

#include "core/temporary.h"

struct workspace *workspace_new(struct error *err)
{
    OWNED(workspace) workspace = calloc(1, sizeof(*workspace));
    const char *parent = temporary_folder();
    OWNED_PTR(char) folder = NULL;

    if (workspace == NULL || asprintf(&folder, "%s/coldseal-XXXXXX", parent) < 0) {
        error_no_memory(err);
        return NULL;
    }
    if (mkdtemp(folder) == NULL) {
        error_errno(err, COLDSEAL_IO, "create a temporary folder in %s", parent);
        return NULL;
    }
    workspace->folder = TAKE(folder);
    if (asprintf(&workspace->overlay_path, "%s/overlay.qcow2", workspace->folder) < 0) {
        workspace->overlay_path = NULL;
        error_no_memory(err);
        return NULL;
    }
    return TAKE(workspace);
}

void workspace_free(struct workspace *workspace)
{
    if (workspace == NULL)
        return;
    if (workspace->overlay_path != NULL)
        unlink(workspace->overlay_path);
    if (workspace->folder != NULL)
        rmdir(workspace->folder);
    free(workspace->overlay_path);
    free(workspace->folder);
    free(workspace);
}
