/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "token/luks2_rules.h"

static bool is_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

static int compare_names(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;
    size_t left_length = strlen(left);
    size_t right_length = strlen(right);

    if (is_digits(left) && is_digits(right) && left_length != right_length)
        return left_length < right_length ? -1 : 1;
    return strcmp(left, right);
}

static const char **sorted_names(json_object *object, size_t *count, struct error *err)
{
    size_t length = (size_t)json_object_object_length(object);
    const char **names = calloc(length + 1, sizeof(*names));

    if (names == NULL) {
        error_no_memory(err);
        return NULL;
    }
    *count = 0;
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        names[(*count)++] = key;
    }
    qsort(names, *count, sizeof(*names), compare_names);
    return names;
}

static json_object *canonical_object(json_object *object, struct error *err)
{
    size_t count;
    OWNED_PTR(const char *) names = sorted_names(object, &count, err);
    OWNED_JSON copy = json_object_new_object();

    if (names == NULL)
        return NULL;
    if (copy == NULL)
        error_no_memory(err);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        json_object *member = luks2_canonical_json(json_object_object_get(object, names[i]), err);
        if (member == NULL || !json_add(copy, names[i], member, err))
            return NULL;
    }
    return TAKE(copy);
}

static json_object *canonical_array(json_object *array, struct error *err)
{
    OWNED_JSON copy = json_object_new_array();

    if (copy == NULL)
        error_no_memory(err);
    for (size_t i = 0; copy != NULL && i < json_object_array_length(array); i++) {
        json_object *item = luks2_canonical_json(json_object_array_get_idx(array, i), err);
        if (item == NULL || !json_append(copy, item, err))
            return NULL;
    }
    return TAKE(copy);
}

json_object *luks2_canonical_json(json_object *json, struct error *err)
{
    switch (json_object_get_type(json)) {
    case json_type_object:
        return canonical_object(json, err);
    case json_type_array:
        return canonical_array(json, err);
    case json_type_string:
    case json_type_int:
    case json_type_boolean:
        return json_object_get(json);
    case json_type_null:
    case json_type_double:
        break;
    }
    luks2_rule_broken(err, "json-types", "null or a fractional number");
    return NULL;
}
