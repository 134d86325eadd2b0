/* SPDX-License-Identifier: Apache-2.0 */
/* Files for new secrets: there before the header that needs them, and taken back when that fails.
 */
#ifndef PIPELINE_KEY_FILES_H
#define PIPELINE_KEY_FILES_H

#include "core/secret.h"

#define POOL_KEY_BYTES 32

/* `path` may be NULL: no file. "-" is standard output. `what` names it in a message. */
bool key_file_check(const char *path, bool replace, const char *what, struct error *err);
bool key_file_write(const struct secret *secret, const char *path, bool replace, const char *what,
                    struct error *err);
void key_file_take_back(const char *path);

#endif
