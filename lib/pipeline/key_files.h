/* SPDX-License-Identifier: Apache-2.0 */
/* Files for new secrets: there before the header that needs them, and taken back when that fails.
 * With recipients they hold the secret as CMS, which only those open. */
#ifndef PIPELINE_KEY_FILES_H
#define PIPELINE_KEY_FILES_H

#include "core/json.h"
#include "crypt/recipients.h"

#define POOL_KEY_BYTES 32

/* `path` may be NULL: no file. "-" is standard output. `what` names it in a message. */
bool key_file_check(const char *path, bool replace, const char *what, struct error *err);
bool key_file_write(const struct secret *secret, const struct recipients *recipients,
                    const char *path, bool replace, const char *what, struct error *err);
void key_file_take_back(const char *path);
/* Adds "recipients", the SHA-256 of their certificates; nothing where there are none. */
bool key_file_describe_recipients(const struct recipients *recipients, json_object *json,
                                  struct error *err);

#endif
