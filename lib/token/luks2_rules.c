/* SPDX-License-Identifier: Apache-2.0 */
#include "token/luks2_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base64.h"

#define DECIMAL_DIGITS 20 /* of the largest 64-bit number */

bool luks2_rule_broken(struct error *err, const char *rule, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set(err, COLDSEAL_BAD_IMAGE, "LUKS2 header breaks rule %s: %s", rule, text);
}

static bool is_named(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0)
            return true;
    }
    return false;
}

bool luks2_rule_members(json_object *object, const char *rule, const char *const *names,
                        struct error *err)
{
    if (!json_object_is_type(object, json_type_object))
        return luks2_rule_broken(err, rule, "not an object");
    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (!is_named(key, names))
            return luks2_rule_broken(err, rule, "unknown member \"%s\"", key);
    }
    for (; *names != NULL; names++) {
        if (!json_object_object_get_ex(object, *names, NULL))
            return luks2_rule_broken(err, rule, "member \"%s\" is missing", *names);
    }
    return true;
}

bool luks2_rule_string(json_object *object, const char *rule, const char *key, const char *expected,
                       struct error *err)
{
    struct error ignored = {0};
    const char *value;

    if (!json_get_string(object, key, &value, &ignored))
        return luks2_rule_broken(err, rule, "\"%s\" is no string", key);
    if (strcmp(value, expected) != 0)
        return luks2_rule_broken(err, rule, "\"%s\" is \"%s\", not \"%s\"", key, value, expected);
    return true;
}

bool luks2_rule_number(json_object *object, const char *rule, const char *key, uint64_t least,
                       uint64_t most, struct error *err)
{
    struct error ignored = {0};
    uint64_t value;

    if (!json_get_u64(object, key, &value, &ignored))
        return luks2_rule_broken(err, rule, "\"%s\" is no number from 0 up", key);
    if (value < least || value > most)
        return luks2_rule_broken(err, rule, "\"%s\" is %llu, not from %llu to %llu", key,
                                 (unsigned long long)value, (unsigned long long)least,
                                 (unsigned long long)most);
    return true;
}

static bool parse_decimal(const char *text, uint64_t *value)
{
    size_t length = strlen(text);

    if (length == 0 || length > DECIMAL_DIGITS || strspn(text, "0123456789") != length)
        return false;
    if (text[0] == '0' && length > 1)
        return false;
    *value = 0;
    for (; *text != '\0'; text++) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
            return false;
    }
    return true;
}

bool luks2_rule_decimal(json_object *object, const char *rule, const char *key, uint64_t *value,
                        struct error *err)
{
    struct error ignored = {0};
    const char *text;

    if (!json_get_string(object, key, &text, &ignored) || !parse_decimal(text, value))
        return luks2_rule_broken(err, rule, "\"%s\" is no decimal string", key);
    return true;
}

bool luks2_rule_base64(json_object *object, const char *rule, const char *key, size_t size,
                       struct error *err)
{
    struct error why = {0};
    const char *text;

    if (!json_get_string(object, key, &text, &why))
        return luks2_rule_broken(err, rule, "\"%s\" is no string", key);
    OWNED(bytes) decoded = base64_decode(text, &why);
    if (decoded == NULL && why.code == COLDSEAL_IO) {
        *err = why; /* no memory, which is not the header's fault */
        return false;
    }
    if (decoded == NULL || decoded->size != size)
        return luks2_rule_broken(err, rule, "\"%s\" is not the base64 text of %zu bytes", key,
                                 size);
    return true;
}

bool luks2_rule_object(json_object *root, const char *rule, const char *key, json_object **object,
                       struct error *err)
{
    struct error ignored = {0};

    return json_get_object(root, key, object, &ignored) ||
           luks2_rule_broken(err, rule, "\"%s\" is no object", key);
}

bool luks2_slot_number(const char *text, unsigned limit, unsigned *number)
{
    uint64_t value;

    if (!parse_decimal(text, &value) || value >= limit)
        return false;
    *number = (unsigned)value;
    return true;
}

static bool add_keyslot(json_object *keyslots, json_object *name, const char *rule, uint32_t *mask,
                        struct error *err)
{
    unsigned number;

    if (!json_object_is_type(name, json_type_string) ||
        !luks2_slot_number(json_object_get_string(name), LUKS2_MAX_KEYSLOTS, &number))
        return luks2_rule_broken(err, rule, "\"keyslots\" holds something that names no keyslot");
    if (!json_object_object_get_ex(keyslots, json_object_get_string(name), NULL))
        return luks2_rule_broken(err, rule, "keyslot %u does not exist", number);
    if ((*mask & UINT32_C(1) << number) != 0)
        return luks2_rule_broken(err, rule, "keyslot %u is named twice", number);
    *mask |= UINT32_C(1) << number;
    return true;
}

bool luks2_rule_keyslot_list(json_object *root, json_object *object, const char *rule,
                             uint32_t *mask, struct error *err)
{
    struct error ignored = {0};
    json_object *keyslots;
    json_object *list;

    *mask = 0;
    if (!json_get_array(object, "keyslots", &list, &ignored))
        return luks2_rule_broken(err, rule, "\"keyslots\" is no array");
    if (!luks2_rule_object(root, rule, "keyslots", &keyslots, err))
        return false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (!add_keyslot(keyslots, json_object_array_get_idx(list, i), rule, mask, err))
            return false;
    }
    return true;
}
