/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded_uki.h"

#include <string.h>

#include "core/hex.h"

static json_object *digest_json(const struct digest_set *digest)
{
    char text[2 * sizeof(digest->sha256) + 1];

    hex_encode(digest->sha256, sizeof(digest->sha256), text);
    return json_object_new_string(text);
}

static json_object *sections_json(const struct uki_facts *facts, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < facts->section_count; i++) {
        json_object *row = json_object_new_object();
        if (!json_add(row, "name", json_object_new_string(facts->sections[i].name), err) ||
            !json_add(row, "sha256", digest_json(&facts->sections[i].digest), err) ||
            !json_append(array, row, err))
            return NULL;
    }
    return TAKE(array);
}

json_object *recorded_uki_to_json(const struct uki_facts *facts, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    const char *line = facts->command_line == NULL ? "" : facts->command_line;

    if (json == NULL || !json_add(json, "sections", sections_json(facts, err), err) ||
        !json_add(json, "command_line", json_object_new_string(line), err) ||
        !json_add(json, "kernel", digest_json(&facts->kernel), err) ||
        !json_add(json, "initrd", digest_json(&facts->initrd), err) ||
        !json_add(json, "measures_load_options",
                  json_object_new_boolean(facts->stub.measures_load_options), err) ||
        !json_add(json, "measures_initrd", json_object_new_boolean(facts->stub.measures_initrd),
                  err))
        return NULL;
    return TAKE(json);
}

static bool take_digest(json_object *json, const char *key, struct digest_set *digest,
                        struct error *err)
{
    const char *text;

    return json_get_string(json, key, &text, err) && strlen(text) == 2 * sizeof(digest->sha256) &&
           hex_decode(text, 2 * sizeof(digest->sha256), digest->sha256);
}

static bool take_sections(json_object *json, struct uki_facts *facts, struct error *err)
{
    json_object *rows;

    if (!json_get_array(json, "sections", &rows, err) ||
        json_object_array_length(rows) > UKI_SECTION_LIMIT)
        return false;
    for (; facts->section_count < json_object_array_length(rows); facts->section_count++) {
        json_object *row = json_object_array_get_idx(rows, facts->section_count);
        const char *name;
        if (!json_get_string(row, "name", &name, err) || strlen(name) >= PE_SECTION_NAME_BYTES ||
            !take_digest(row, "sha256", &facts->sections[facts->section_count].digest, err))
            return false;
        strcpy(facts->sections[facts->section_count].name, name);
    }
    return true;
}

struct uki_facts *recorded_uki_read(json_object *json, struct error *err)
{
    OWNED(uki_facts) facts = calloc(1, sizeof(*facts));
    const char *line;

    facts->has_initrd = true;
    if (!take_sections(json, facts, err) || !json_get_string(json, "command_line", &line, err) ||
        !take_digest(json, "kernel", &facts->kernel, err) ||
        !take_digest(json, "initrd", &facts->initrd, err) ||
        !json_get_bool(json, "measures_load_options", &facts->stub.measures_load_options, err) ||
        !json_get_bool(json, "measures_initrd", &facts->stub.measures_initrd, err))
        return NULL;
    facts->command_line = line[0] == '\0' ? NULL : strdup(line);
    return TAKE(facts);
}
