/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/json_duplicates.h"
#include "core/names.h"
#include "core/outfile.h"

static bool json_text_is_strict(const char *text, size_t size, struct error *err)
{
    if (size > JSON_LIMIT_BYTES)
        return error_set(err, COLDSEAL_BAD_IMAGE, "JSON is larger than %zu bytes",
                         JSON_LIMIT_BYTES);
    if (memchr(text, '\0', size) != NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "JSON holds a NUL byte");
    return json_check_duplicates(text, size, err);
}

json_object *json_parse(const char *text, size_t size, struct error *err)
{
    if (!json_text_is_strict(text, size, err))
        return NULL;
    json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
    if (tokener == NULL) {
        error_no_memory(err);
        return NULL;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    OWNED_JSON object = json_tokener_parse_ex(tokener, text, (int)size);
    size_t end = json_tokener_get_parse_end(tokener);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        object = json_tokener_parse_ex(tokener, "", 1); /* the NUL ends a bare number */
    enum json_tokener_error code = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    while (end < size && isspace((unsigned char)text[end]))
        end++;
    if (code == json_tokener_success && end >= size)
        return TAKE(object);
    if (code == json_tokener_success)
        error_set(err, COLDSEAL_BAD_IMAGE, "JSON is followed by other data");
    else
        error_set(err, COLDSEAL_BAD_IMAGE, "not JSON: %s", json_tokener_error_desc(code));
    return NULL;
}

bool json_write_file(const char *path, json_object *json, bool replace, struct error *err)
{
    const char *pretty = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    OWNED_PTR(char) text = NULL;

    if (pretty == NULL || asprintf(&text, "%s\n", pretty) < 0) {
        text = NULL;
        return error_no_memory(err);
    }
    return outfile_write(path, text, strlen(text), 0644, replace, err);
}

static bool json_get(json_object *object, const char *key, json_type type, json_object **value,
                     struct error *err)
{
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, key, value))
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is missing", key);
    if (!json_object_is_type(*value, type))
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is not of type %s", key,
                         json_type_to_name(type));
    return true;
}

bool json_get_string(json_object *object, const char *key, const char **value, struct error *err)
{
    json_object *member;

    if (!json_get(object, key, json_type_string, &member, err))
        return false;
    *value = json_object_get_string(member);
    if (strlen(*value) != (size_t)json_object_get_string_len(member))
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" holds a NUL", key);
    return true;
}

bool json_get_u64(json_object *object, const char *key, uint64_t *value, struct error *err)
{
    json_object *member;

    if (!json_get(object, key, json_type_int, &member, err))
        return false;
    if (json_object_get_int64(member) < 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is negative", key);
    *value = json_object_get_uint64(member);
    /* What json-c makes of any number that does not fit. */
    return *value != UINT64_MAX ||
           error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is too large", key);
}

bool json_get_bool(json_object *object, const char *key, bool *value, struct error *err)
{
    json_object *member;

    if (!json_get(object, key, json_type_boolean, &member, err))
        return false;
    *value = json_object_get_boolean(member);
    return true;
}

bool json_get_object(json_object *object, const char *key, json_object **value, struct error *err)
{
    return json_get(object, key, json_type_object, value, err);
}

bool json_get_array(json_object *object, const char *key, json_object **value, struct error *err)
{
    return json_get(object, key, json_type_array, value, err);
}

bool json_only_members(json_object *object, const char *const *names, size_t count,
                       struct error *err)
{
    if (!json_object_is_type(object, json_type_object))
        return error_set(err, COLDSEAL_BAD_IMAGE, "not an object");
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (!name_is_among(key, names, count))
            return error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is unknown", key);
    }
    return true;
}

static json_object *json_or_no_memory(json_object *json, struct error *err)
{
    if (json == NULL)
        error_no_memory(err);
    return json;
}

json_object *json_new_object(struct error *err)
{
    return json_or_no_memory(json_object_new_object(), err);
}

json_object *json_new_array(struct error *err)
{
    return json_or_no_memory(json_object_new_array(), err);
}

bool json_add(json_object *object, const char *key, json_object *value, struct error *err)
{
    if (value == NULL || json_object_object_add(object, key, value) != 0) {
        json_object_put(value);
        return error_no_memory(err);
    }
    return true;
}

bool json_append(json_object *array, json_object *value, struct error *err)
{
    if (value == NULL || json_object_array_add(array, value) != 0) {
        json_object_put(value);
        return error_no_memory(err);
    }
    return true;
}
