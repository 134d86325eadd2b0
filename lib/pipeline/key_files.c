/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/key_files.h"

#include <string.h>

#include "core/outfile.h"
#include "pipeline/describe.h"

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool key_file_check(const char *path, bool replace, const char *what, struct error *err)
{
    return path == NULL || is_stdout(path) || outfile_check(path, replace, err) ||
           error_wrap(err, "%s", what);
}

static bool write_wrapped(const struct secret *secret, const struct recipients *recipients,
                          const char *path, bool replace, struct error *err)
{
    OWNED(bytes) wrapped = recipients_wrap(recipients, secret, err);

    return wrapped != NULL && outfile_write(path, wrapped->data, wrapped->size, 0600, replace, err);
}

bool key_file_write(const struct secret *secret, const struct recipients *recipients,
                    const char *path, bool replace, const char *what, struct error *err)
{
    if (path == NULL)
        return true;
    return (recipients_count(recipients) == 0
                ? outfile_write(path, secret->data, secret->size, 0600, replace, err)
                : write_wrapped(secret, recipients, path, replace, err)) ||
           error_wrap(err, "%s", what);
}

void key_file_take_back(const char *path)
{
    if (path != NULL && !is_stdout(path))
        unlink(path);
}

bool key_file_describe_recipients(const struct recipients *recipients, json_object *json,
                                  struct error *err)
{
    OWNED_JSON array = json_new_array(err);
    uint8_t digest[DIGEST_MAX_BYTES];

    if (array == NULL)
        return false;
    for (size_t i = 0; i < recipients_count(recipients); i++) {
        if (!recipients_fingerprint(recipients, i, digest, err) ||
            !json_append(array, describe_hex(digest, digest_size(DIGEST_SHA256)), err))
            return false;
    }
    return recipients_count(recipients) == 0 || json_add(json, "recipients", TAKE(array), err);
}
