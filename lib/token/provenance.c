/* SPDX-License-Identifier: Apache-2.0 */
#include "token/provenance.h"

#include <string.h>
#include <time.h>

#include "config.h"

static bool format_now(char *text, size_t size, struct error *err)
{
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc) == NULL || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return error_set(err, COLDSEAL_IO, "the clock cannot be read");
    return true;
}

static bool add_string(json_object *token, const char *key, const char *value, struct error *err)
{
    return json_add(token, key, json_object_new_string(value), err);
}

json_object *provenance_new(const char *state, struct error *err)
{
    OWNED_JSON token = json_object_new_object();
    char now[32];

    if (token == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!format_now(now, sizeof(now), err) ||
        !add_string(token, "type", PROVENANCE_TOKEN_TYPE, err) ||
        !json_add(token, "keyslots", json_object_new_array(), err) ||
        !json_add(token, "format", json_object_new_int(PROVENANCE_FORMAT), err) ||
        !add_string(token, "tool", PACKAGE_STRING, err) ||
        !add_string(token, "state", state, err) || !add_string(token, "chain", "grub", err) ||
        !add_string(token, "created", now, err))
        return NULL;
    return TAKE(token);
}

bool provenance_check(json_object *token, struct error *err)
{
    const char *type;
    uint64_t format;

    if (!json_get_string(token, "type", &type, err) || !json_get_u64(token, "format", &format, err))
        return error_wrap(err, "token %s", PROVENANCE_TOKEN_TYPE);
    if (strcmp(type, PROVENANCE_TOKEN_TYPE) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "token %s: type is \"%s\"", PROVENANCE_TOKEN_TYPE,
                         type);
    return format == PROVENANCE_FORMAT ||
           error_set(err, COLDSEAL_UNSUPPORTED,
                     "token %s: format %llu, but this program knows format %d",
                     PROVENANCE_TOKEN_TYPE, (unsigned long long)format, PROVENANCE_FORMAT);
}
