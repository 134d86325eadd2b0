/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware document: coldseal-firmware(5). */
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "measure/firmware.h"

#define FIRMWARE_TYPE "coldseal-firmware"
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const document_members[] = {
    "type", "format", "origin", "secure_boot", "variables", "boot_option_action", "recorded"};
static const char *const variable_members[] = {"present", "guessed", "attributes", "data"};

static bool read_optional_bool(json_object *json, const char *key, bool *value, struct error *err)
{
    return json_object_object_get_ex(json, key, NULL) ? json_get_bool(json, key, value, err)
                                                      : (*value = false, true);
}

static bool read_present(json_object *json, struct firmware *firmware, enum firmware_variable_id id,
                         bool guessed, struct error *err)
{
    const char *text;
    uint64_t attributes;

    if (!json_get_u64(json, "attributes", &attributes, err) ||
        !json_get_string(json, "data", &text, err))
        return false;
    if (attributes > UINT32_MAX)
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"attributes\" is too large");
    OWNED(bytes) data = base64_decode(text, err);
    return data != NULL && firmware_set_variable(firmware, id, (uint32_t)attributes, data->data,
                                                 data->size, guessed, err);
}

static bool read_absent(json_object *json, struct firmware *firmware, enum firmware_variable_id id,
                        bool guessed, struct error *err)
{
    if (json_object_object_get_ex(json, "data", NULL) ||
        json_object_object_get_ex(json, "attributes", NULL))
        return error_set(err, COLDSEAL_BAD_IMAGE, "it is not present but has content");
    firmware_set_absent(firmware, id, guessed);
    return true;
}

static bool read_variable(const char *name, json_object *json, struct firmware *firmware,
                          struct error *err)
{
    enum firmware_variable_id id;
    bool present, guessed;

    if (!firmware_variable_find(name, NULL, &id))
        return error_set(err, COLDSEAL_BAD_IMAGE, "there is no variable of that name");
    return json_only_members(json, variable_members, COUNT_OF(variable_members), err) &&
           json_get_bool(json, "present", &present, err) &&
           read_optional_bool(json, "guessed", &guessed, err) &&
           (present ? read_present : read_absent)(json, firmware, id, guessed, err);
}

static bool read_variables(json_object *json, struct firmware *firmware, struct error *err)
{
    json_object *variables;

    if (!json_get_object(json, "variables", &variables, err))
        return false;
    json_object_object_foreach(variables, name, value)
    {
        if (!read_variable(name, value, firmware, err))
            return error_wrap(err, "variable \"%s\"", name);
    }
    firmware_settle(firmware);
    return true;
}

/* Written for people; where it is not what the variable says, the document was put together
 * wrongly. */
static bool check_secure_boot(json_object *json, const struct firmware *firmware, struct error *err)
{
    bool secure_boot;

    return json_get_bool(json, "secure_boot", &secure_boot, err) &&
           (secure_boot == firmware->secure_boot ||
            error_set(err, COLDSEAL_BAD_IMAGE,
                      "\"secure_boot\" is not what the variable SecureBoot says"));
}

static bool check_format(json_object *json, struct error *err)
{
    const char *type;
    uint64_t format;

    if (!json_get_string(json, "type", &type, err) || !json_get_u64(json, "format", &format, err))
        return false;
    if (strcmp(type, FIRMWARE_TYPE) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "type is \"%s\", not \"" FIRMWARE_TYPE "\"",
                         type);
    if (format != FIRMWARE_FORMAT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "format %llu of a newer coldseal",
                         (unsigned long long)format);
    return json_only_members(json, document_members, COUNT_OF(document_members), err);
}

static bool read_origin(json_object *json, struct firmware *firmware, struct error *err)
{
    const char *origin;

    if (!json_get_string(json, "origin", &origin, err))
        return false;
    if (strlen(origin) >= sizeof(firmware->origin))
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"origin\" is too long");
    snprintf(firmware->origin, sizeof(firmware->origin), "%s", origin);
    return true;
}

static bool read_boot_option_action(json_object *json, struct firmware *firmware, struct error *err)
{
    static const char *const members[] = {"measured", "guessed"};
    json_object *action;

    return (json_get_object(json, "boot_option_action", &action, err) &&
            json_only_members(action, members, COUNT_OF(members), err) &&
            json_get_bool(action, "measured", &firmware->boot_option_action, err) &&
            read_optional_bool(action, "guessed", &firmware->boot_option_action_guessed, err)) ||
           error_wrap(err, "boot_option_action");
}

static bool read_recorded(json_object *json, struct firmware *firmware, struct error *err)
{
    json_object *recorded;

    if (!json_object_object_get_ex(json, "recorded", &recorded))
        return true;
    return firmware_recorded_from_json(recorded, firmware, err) || error_wrap(err, "recorded");
}

struct firmware *firmware_from_json(json_object *json, struct error *err)
{
    OWNED(firmware) firmware = firmware_new(err);

    if (firmware == NULL)
        return NULL;
    if (!check_format(json, err) || !read_origin(json, firmware, err) ||
        !read_variables(json, firmware, err) || !check_secure_boot(json, firmware, err) ||
        !read_boot_option_action(json, firmware, err) || !read_recorded(json, firmware, err)) {
        error_wrap(err, "firmware document");
        return NULL;
    }
    return TAKE(firmware);
}

struct firmware *firmware_read_file(const char *path, struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(path, JSON_LIMIT_BYTES, err);

    if (bytes == NULL)
        return NULL;
    OWNED_JSON json = json_parse((const char *)bytes->data, bytes->size, err);
    struct firmware *firmware = json == NULL ? NULL : firmware_from_json(json, err);
    if (firmware == NULL)
        error_wrap(err, "%s", path);
    return firmware;
}

static bool add_guessed(json_object *json, bool guessed, struct error *err)
{
    return !guessed || json_add(json, "guessed", json_object_new_boolean(true), err);
}

static bool add_data(json_object *json, const struct firmware_variable *variable, struct error *err)
{
    if (!variable->present)
        return true;
    OWNED_PTR(char) text = base64_encode(variable->data->data, variable->data->size, err);
    return text != NULL &&
           json_add(json, "attributes", json_object_new_int64(variable->attributes), err) &&
           json_add(json, "data", json_object_new_string(text), err);
}

static json_object *variable_to_json(const struct firmware_variable *variable, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL ||
        !json_add(json, "present", json_object_new_boolean(variable->present), err) ||
        !add_guessed(json, variable->guessed, err) || !add_data(json, variable, err))
        return NULL;
    return TAKE(json);
}

static json_object *variables_to_json(const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    for (size_t i = 0; json != NULL && i < FIRMWARE_VARIABLES; i++) {
        const struct firmware_variable *variable = &firmware->variables[i];
        if (!variable->known)
            continue;
        json_object *member = variable_to_json(variable, err);
        if (member == NULL ||
            !json_add(json, firmware_variable_name((enum firmware_variable_id)i), member, err))
            return NULL;
    }
    return TAKE(json);
}

static json_object *boot_option_action_to_json(const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL ||
        !json_add(json, "measured", json_object_new_boolean(firmware->boot_option_action), err) ||
        !add_guessed(json, firmware->boot_option_action_guessed, err))
        return NULL;
    return TAKE(json);
}

static bool add_recorded(json_object *json, const struct firmware *firmware, struct error *err)
{
    if (firmware->recorded == NULL && firmware->recorded_pcrs.banks == 0)
        return true;
    json_object *recorded = firmware_recorded_to_json(firmware, err);
    return recorded != NULL && json_add(json, "recorded", recorded, err);
}

static bool add_member(json_object *json, const char *key, json_object *member, struct error *err)
{
    return member != NULL && json_add(json, key, member, err);
}

json_object *firmware_to_json(const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL || !json_add(json, "type", json_object_new_string(FIRMWARE_TYPE), err) ||
        !json_add(json, "format", json_object_new_int(FIRMWARE_FORMAT), err) ||
        !json_add(json, "origin", json_object_new_string(firmware->origin), err) ||
        !json_add(json, "secure_boot", json_object_new_boolean(firmware->secure_boot), err) ||
        !add_member(json, "variables", variables_to_json(firmware, err), err) ||
        !add_member(json, "boot_option_action", boot_option_action_to_json(firmware, err), err) ||
        !add_recorded(json, firmware, err))
        return NULL;
    return TAKE(json);
}
