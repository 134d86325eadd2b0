/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON over json-c: bounded size and depth, duplicate keys and trailing data refused,
 * members taken by type. json_object references follow json-c: an OWNED one is put. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <json-c/json.h>

#include "core/bytes.h"

#define JSON_LIMIT_BYTES ((size_t)16 << 20)
#define JSON_DEPTH 32

static inline void json_put_cleanup(json_object **object)
{
    json_object_put(*object);
}
#define OWNED_JSON __attribute__((cleanup(json_put_cleanup))) json_object *

/* The caller owns the result. COLDSEAL_BAD_IMAGE on anything but one JSON document. */
json_object *json_parse(const char *text, size_t size, struct error *err);

/* Members of `object`, borrowed. A member that is absent or of another type is an error
 * (COLDSEAL_BAD_IMAGE, names the member). */
bool json_get_string(json_object *object, const char *key, const char **value, struct error *err);
bool json_get_u64(json_object *object, const char *key, uint64_t *value, struct error *err);
bool json_get_bool(json_object *object, const char *key, bool *value, struct error *err);
bool json_get_object(json_object *object, const char *key, json_object **value, struct error *err);
bool json_get_array(json_object *object, const char *key, json_object **value, struct error *err);

/* A document for people too: indented, readable by everybody, complete or absent as outfile_write()
 * has it. */
bool json_write_file(const char *path, json_object *json, bool replace, struct error *err);

/* An object without members other than the `count` ones of `names`: COLDSEAL_BAD_IMAGE, names it.
 */
bool json_only_members(json_object *object, const char *const *names, size_t count,
                       struct error *err);

/* New and empty; NULL and err when memory is out. */
json_object *json_new_object(struct error *err);
json_object *json_new_array(struct error *err);

/* Adds a member; false and err when memory is out. `value` is taken over even on failure, and a
 * NULL value is that failure, so that json_add(o, "k", json_object_new_string(s), err) is safe. */
bool json_add(json_object *object, const char *key, json_object *value, struct error *err);
bool json_append(json_object *array, json_object *value, struct error *err);

#endif
