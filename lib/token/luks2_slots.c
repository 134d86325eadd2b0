/* SPDX-License-Identifier: Apache-2.0 */
/* Keyslots, their areas and tokens of a header that has been validated. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "token/luks2_header.h"
#include "token/luks2_rules.h"

/* Validated JSON has these members; nothing is found in anything else. */
static json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return value;
}

static json_object *numbered(json_object *object, unsigned number)
{
    char key[12];

    snprintf(key, sizeof(key), "%u", number);
    return member(object, key);
}

size_t luks2_header_areas(const struct luks2_header *header,
                          struct luks2_area areas[LUKS2_MAX_KEYSLOTS])
{
    json_object *keyslots = member(header->json, "keyslots");
    size_t count = 0;

    for (unsigned number = 0; number < LUKS2_MAX_KEYSLOTS; number++) {
        json_object *area = member(numbered(keyslots, number), "area");
        if (area == NULL)
            continue;
        uint64_t offset = strtoull(json_object_get_string(member(area, "offset")), NULL, 10);
        areas[count].keyslot = number;
        areas[count++].index = (unsigned)((offset - LUKS2_KEYSLOTS_OFFSET) / LUKS2_AREA_BYTES);
    }
    return count;
}

size_t luks2_header_keyslot_count(const struct luks2_header *header)
{
    return (size_t)json_object_object_length(member(header->json, "keyslots"));
}

size_t luks2_header_tokens(const struct luks2_header *header, const char *type,
                           json_object **tokens, unsigned *numbers, size_t limit)
{
    json_object *all = member(header->json, "tokens");
    size_t count = 0;

    for (unsigned number = 0; number < LUKS2_MAX_TOKENS && count < limit; number++) {
        json_object *token = numbered(all, number);
        const char *found = json_object_get_string(member(token, "type"));
        if (found == NULL || strcmp(found, type) != 0)
            continue;
        tokens[count] = token;
        numbers[count++] = number;
    }
    return count;
}

uint32_t luks2_header_keyslots(const struct luks2_header *header)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);
    uint32_t mask = 0;

    for (size_t i = 0; i < count; i++)
        mask |= UINT32_C(1) << areas[i].keyslot;
    return mask;
}

uint32_t luks2_header_keyslots_of(const struct luks2_header *header, const char *type)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    size_t count = luks2_header_tokens(header, type, tokens, numbers, LUKS2_MAX_TOKENS);
    uint32_t mask = 0;

    for (size_t i = 0; i < count; i++) {
        json_object *named = member(tokens[i], "keyslots");
        for (size_t k = 0; k < json_object_array_length(named); k++) {
            const char *text = json_object_get_string(json_object_array_get_idx(named, k));
            mask |= UINT32_C(1) << (strtoul(text, NULL, 10) % LUKS2_MAX_KEYSLOTS);
        }
    }
    return mask;
}

static bool names_keyslot(json_object *token, unsigned keyslot)
{
    json_object *list = member(token, "keyslots");
    char name[12];

    snprintf(name, sizeof(name), "%u", keyslot);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
            return true;
    }
    return false;
}

json_object *luks2_header_keyslot_token(const struct luks2_header *header, unsigned keyslot)
{
    json_object_object_foreach(member(header->json, "tokens"), key, token)
    {
        (void)key;
        if (names_keyslot(token, keyslot))
            return token;
    }
    return NULL;
}

bool luks2_header_keyslot_is_costly(const struct luks2_header *header, unsigned keyslot)
{
    json_object *kdf = member(numbered(member(header->json, "keyslots"), keyslot), "kdf");
    const char *type = json_object_get_string(member(kdf, "type"));

    return type != NULL && strncmp(type, "argon2", strlen("argon2")) == 0;
}

json_object *luks2_token_for_keyslot(json_object *token, unsigned number, struct error *err)
{
    json_object *copy = NULL;
    char name[12];

    snprintf(name, sizeof(name), "%u", number);
    if (json_object_deep_copy(token, &copy, NULL) != 0) {
        error_no_memory(err);
        return NULL;
    }
    OWNED_JSON owned = copy;
    json_object *list = json_object_new_array();
    if (!json_add(owned, "keyslots", list, err) ||
        !json_append(list, json_object_new_string(name), err))
        return NULL;
    return TAKE(owned);
}

bool luks2_token_keyslot(json_object *token, unsigned *keyslot, struct error *err)
{
    json_object *keyslots;

    if (!json_get_array(token, "keyslots", &keyslots, err))
        return false;
    json_object *name = json_object_array_get_idx(keyslots, 0);
    if (json_object_array_length(keyslots) != 1 || !json_object_is_type(name, json_type_string) ||
        !luks2_slot_number(json_object_get_string(name), LUKS2_MAX_KEYSLOTS, keyslot))
        return error_set(err, COLDSEAL_BAD_IMAGE, "does not name one keyslot");
    return true;
}

_Static_assert(2 * LUKS2_MAX_KEYSLOTS <= LUKS2_AREA_COUNT, "two full headers lie side by side");

static uint64_t areas_in_use(const struct luks2_header *header)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);
    uint64_t used = 0;

    for (size_t i = 0; i < count; i++)
        used |= UINT64_C(1) << areas[i].index;
    return used;
}

static bool set_area_index(struct luks2_header *header, unsigned keyslot, unsigned index,
                           struct error *err)
{
    json_object *area = member(numbered(member(header->json, "keyslots"), keyslot), "area");
    char text[24];

    snprintf(text, sizeof(text), "%zu", LUKS2_KEYSLOTS_OFFSET + index * LUKS2_AREA_BYTES);
    json_object *offset = json_object_new_string(text);
    /* Of the member that is there already: its place in the canonical order stays. */
    return json_add(area, "offset", offset, err);
}

/* The area's own encryption starts at sector 0 in each area (spec, 3.2.2), so bytes may move. */
bool luks2_header_move_apart(struct luks2_header *header, const struct luks2_header *occupied,
                             struct error *err)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);
    uint64_t used = areas_in_use(occupied);
    OWNED(bytes) moved = bytes_new(LUKS2_KEYSLOTS_BYTES, err);
    unsigned index = 0;

    if (moved == NULL)
        return false;
    if (occupied->sequence_id >= LUKS2_MAX_SEQUENCE_ID)
        return error_set(err, COLDSEAL_BAD_IMAGE, "LUKS2 sequence id is at its end");
    for (size_t i = 0; i < count; i++, index++) {
        while ((used >> index & 1) != 0)
            index++;
        memcpy(moved->data + index * LUKS2_AREA_BYTES,
               header->area->data + areas[i].index * LUKS2_AREA_BYTES, LUKS2_AREA_BYTES);
        if (!set_area_index(header, areas[i].keyslot, index, err))
            return false;
    }
    bytes_free(header->area);
    header->area = TAKE(moved);
    header->sequence_id = occupied->sequence_id + 1;
    return true;
}
