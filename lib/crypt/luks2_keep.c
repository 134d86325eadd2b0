/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/luks2_keep.h"

#include <stdio.h>
#include <string.h>

static bool find_area(const struct luks2_header *header, unsigned keyslot, unsigned *index)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);

    for (size_t i = 0; i < count; i++) {
        if (areas[i].keyslot != keyslot)
            continue;
        *index = areas[i].index;
        return true;
    }
    return false;
}

static json_object *copy_keyslot(const struct luks2_header *from, const char *name,
                                 struct error *err)
{
    json_object *keyslots, *keyslot;
    json_object *copy = NULL;

    if (!json_get_object(from->json, "keyslots", &keyslots, err) ||
        !json_get_object(keyslots, name, &keyslot, err))
        return NULL;
    if (json_object_deep_copy(keyslot, &copy, NULL) != 0)
        error_no_memory(err);
    return copy;
}

static bool set_offset(json_object *keyslot, unsigned index, struct error *err)
{
    json_object *area;
    char offset[24];

    snprintf(offset, sizeof(offset), "%zu", LUKS2_KEYSLOTS_OFFSET + index * LUKS2_AREA_BYTES);
    return json_get_object(keyslot, "area", &area, err) &&
           json_add(area, "offset", json_object_new_string(offset), err);
}

/* The one digest is over all keyslots. */
static bool add_to_digest(struct luks2_header *header, const char *name, struct error *err)
{
    json_object *digests, *digest, *list;

    return json_get_object(header->json, "digests", &digests, err) &&
           json_get_object(digests, "0", &digest, err) &&
           json_get_array(digest, "keyslots", &list, err) &&
           json_append(list, json_object_new_string(name), err);
}

bool luks2_keep_keyslot(struct luks2_header *header, unsigned number, unsigned index,
                        const struct luks2_header *from, unsigned from_number, struct error *err)
{
    json_object *keyslots;
    char name[12], from_name[12];
    unsigned from_index;

    snprintf(name, sizeof(name), "%u", number);
    snprintf(from_name, sizeof(from_name), "%u", from_number);
    if (!find_area(from, from_number, &from_index))
        return error_set(err, COLDSEAL_BUG, "no keyslot %u to keep", from_number);
    OWNED_JSON keyslot = copy_keyslot(from, from_name, err);
    if (keyslot == NULL || !set_offset(keyslot, index, err) || !add_to_digest(header, name, err) ||
        !json_get_object(header->json, "keyslots", &keyslots, err))
        return false;
    memcpy(header->area->data + index * LUKS2_AREA_BYTES,
           from->area->data + from_index * LUKS2_AREA_BYTES, LUKS2_AREA_BYTES);
    return json_add(keyslots, name, TAKE(keyslot), err);
}
