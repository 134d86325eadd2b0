/* SPDX-License-Identifier: Apache-2.0 */
#include "token/luks2_rekey.h"

#include <stdio.h>
#include <string.h>

#include "token/luks2_copies.h"
#include "token/luks2_rules.h"

#define TOKEN_TYPE LUKS2_REKEY_REQUIREMENT

void luks2_rekey_free(struct luks2_rekey *rekey)
{
    if (rekey == NULL)
        return;
    luks2_header_free(rekey->old);
    luks2_header_free(rekey->new);
    free(rekey);
}

bool luks2_is_rekeying(json_object *root)
{
    struct error ignored = {0};
    json_object *config, *requirements, *list;

    if (!json_get_object(root, "config", &config, &ignored) ||
        !json_get_object(config, "requirements", &requirements, &ignored) ||
        !json_get_array(requirements, "mandatory", &list, &ignored) ||
        json_object_array_length(list) != 1)
        return false;
    const char *name = json_object_get_string(json_object_array_get_idx(list, 0));
    return name != NULL && strcmp(name, LUKS2_REKEY_REQUIREMENT) == 0;
}

/* Which of the first areas a header uses; false when it uses others. */
static bool low_areas(const struct luks2_header *header, uint32_t *used)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);

    *used = 0;
    for (size_t i = 0; i < count; i++) {
        if (areas[i].index >= LUKS2_REKEY_AREA_COUNT)
            return false;
        *used |= UINT32_C(1) << areas[i].index;
    }
    return true;
}

static bool check_areas(const struct luks2_rekey *rekey, struct error *err)
{
    uint32_t old = 0, new = 0;

    if (!low_areas(rekey->old, &old) || !low_areas(rekey->new, &new))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "too many keyslots for a rekey in place: %u for old and new together",
                         LUKS2_REKEY_AREA_COUNT);
    return (old & new) == 0 ||
           luks2_rule_broken(err, "rekey-areas", "old and new keyslots overlap");
}

struct luks2_rekey *luks2_rekey_new(struct luks2_header *old, struct luks2_header *new,
                                    struct error *err)
{
    OWNED(luks2_header) owned_old = old;
    OWNED(luks2_header) owned_new = new;
    OWNED(luks2_rekey) rekey = calloc(1, sizeof(*rekey));

    if (rekey == NULL) {
        error_no_memory(err);
        return NULL;
    }
    rekey->sequence_id = old->sequence_id;
    rekey->old = TAKE(owned_old);
    rekey->new = TAKE(owned_new);
    return check_areas(rekey, err) ? TAKE(rekey) : NULL;
}

/* One of the two headers, as it would be read if it stood alone. */
static struct luks2_header *take_header(json_object *token, const char *key,
                                        const struct luks2_binary *binary,
                                        const struct bytes *bytes, struct error *err)
{
    OWNED(luks2_header) header = calloc(1, sizeof(*header));
    json_object *json;

    if (header == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!json_get_object(token, key, &json, err) || !luks2_validate_json(json, err)) {
        error_wrap(err, "rekey, %s header", key);
        return NULL;
    }
    header->json = luks2_canonical_json(json, err);
    header->area = header->json == NULL ? NULL : bytes_new(LUKS2_KEYSLOTS_BYTES, err);
    if (header->area == NULL)
        return NULL;
    luks2_header_copy_areas(header, header->area->data, bytes->data + LUKS2_KEYSLOTS_OFFSET);
    snprintf(header->uuid, sizeof(header->uuid), "%.36s", binary->uuid);
    snprintf(header->label, sizeof(header->label), "%s", binary->label);
    header->sequence_id = binary->sequence_id;
    header->copies_agree = true;
    return TAKE(header);
}

static struct luks2_rekey *take_rekey(json_object *root, const struct luks2_binary *binary,
                                      const struct bytes *bytes, struct error *err)
{
    json_object *tokens, *token;
    bool running;

    if (!json_get_object(root, "tokens", &tokens, err) ||
        !json_get_object(tokens, "0", &token, err) ||
        !json_get_bool(token, "running", &running, err))
        return NULL;
    OWNED(luks2_header) old = take_header(token, "old", binary, bytes, err);
    OWNED(luks2_header) new = old == NULL ? NULL : take_header(token, "new", binary, bytes, err);
    if (new == NULL)
        return NULL;
    struct luks2_rekey *rekey = luks2_rekey_new(TAKE(old), TAKE(new), err);
    if (rekey != NULL)
        rekey->running = running;
    return rekey;
}

bool luks2_rekey_read(const struct bytes *bytes, struct luks2_rekey **rekey, struct error *err)
{
    struct luks2_binary binary;
    bool agree;

    *rekey = NULL;
    if (!luks2_copies_read(bytes, &binary, &agree, err))
        return false;
    OWNED_JSON root = json_parse(binary.json, binary.json_size, err);
    if (root == NULL)
        return error_wrap(err, "LUKS2 header breaks rule json-strict");
    if (!luks2_is_rekeying(root))
        return true;
    *rekey = take_rekey(root, &binary, bytes, err);
    if (*rekey == NULL)
        return false;
    (*rekey)->copies_agree = agree;
    (*rekey)->copy = binary.copy;
    return true;
}

static json_object *requirements(struct error *err)
{
    OWNED_JSON object = json_new_object(err);
    json_object *list = object == NULL ? NULL : json_new_array(err);

    if (list == NULL || !json_add(object, "mandatory", list, err) ||
        !json_append(list, json_object_new_string(LUKS2_REKEY_REQUIREMENT), err))
        return NULL;
    return TAKE(object);
}

static json_object *rekey_token(const struct luks2_rekey *rekey, struct error *err)
{
    OWNED_JSON token = json_new_object(err);

    if (token == NULL || !json_add(token, "type", json_object_new_string(TOKEN_TYPE), err) ||
        !json_add(token, "keyslots", json_object_new_array(), err) ||
        !json_add(token, "running", json_object_new_boolean(rekey->running), err) ||
        !json_add(token, "old", json_object_get(rekey->old->json), err) ||
        !json_add(token, "new", json_object_get(rekey->new->json), err))
        return NULL;
    return TAKE(token);
}

/* The old metadata but for its tokens, so that others see a sound LUKS2 device whose requirement
 * they cannot meet. */
static json_object *rekey_json(const struct luks2_rekey *rekey, struct error *err)
{
    json_object *copy = NULL;
    json_object *config;

    if (json_object_deep_copy(rekey->old->json, &copy, NULL) != 0) {
        error_no_memory(err);
        return NULL;
    }
    OWNED_JSON root = copy;
    json_object *tokens = json_new_object(err);
    if (tokens == NULL || !json_add(root, "tokens", tokens, err) ||
        !json_add(tokens, "0", rekey_token(rekey, err), err) ||
        !json_get_object(root, "config", &config, err) ||
        !json_add(config, "requirements", requirements(err), err))
        return NULL;
    return TAKE(root);
}

struct bytes *luks2_rekey_serialise(const struct luks2_rekey *rekey, struct error *err)
{
    OWNED_JSON json = rekey_json(rekey, err);
    struct luks2_header header = {
        .json = json,
        .sequence_id = rekey->sequence_id,
        .area = rekey->old->area,
    };

    if (json == NULL)
        return NULL;
    snprintf(header.uuid, sizeof(header.uuid), "%s", rekey->old->uuid);
    snprintf(header.label, sizeof(header.label), "%s", rekey->old->label);
    OWNED(bytes) bytes = luks2_header_serialise(&header, err);
    if (bytes == NULL)
        return NULL;
    uint8_t *area = bytes->data + LUKS2_KEYSLOTS_OFFSET;
    luks2_header_copy_areas(rekey->old, area, rekey->old->area->data);
    luks2_header_copy_areas(rekey->new, area, rekey->new->area->data);
    return TAKE(bytes);
}
