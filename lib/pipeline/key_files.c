/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/key_files.h"

#include <string.h>

#include "core/outfile.h"

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool key_file_check(const char *path, bool replace, const char *what, struct error *err)
{
    return path == NULL || is_stdout(path) || outfile_check(path, replace, err) ||
           error_wrap(err, "%s", what);
}

bool key_file_write(const struct secret *secret, const char *path, bool replace, const char *what,
                    struct error *err)
{
    return path == NULL || outfile_write(path, secret->data, secret->size, 0600, replace, err) ||
           error_wrap(err, "%s", what);
}

void key_file_take_back(const char *path)
{
    if (path != NULL && !is_stdout(path))
        unlink(path);
}
