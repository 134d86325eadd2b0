/* SPDX-License-Identifier: Apache-2.0 */
#include "token/luks2_header.h"

#include <stdio.h>
#include <string.h>

#include "token/luks2_copies.h"
#include "token/luks2_rules.h"

static json_object *read_metadata(const struct luks2_binary *binary, struct error *err)
{
    OWNED_JSON json = json_parse(binary->json, binary->json_size, err);

    if (json == NULL) {
        error_wrap(err, "LUKS2 header breaks rule json-strict");
        return NULL;
    }
    if (luks2_is_rekeying(json)) {
        error_set(err, COLDSEAL_UNSUPPORTED,
                  "this disk is being rekeyed, and that was cut off: run the same coldseal rekey "
                  "--in-place again");
        return NULL;
    }
    return luks2_validate_json(json, err) ? luks2_canonical_json(json, err) : NULL;
}

void luks2_header_copy_areas(const struct luks2_header *header, uint8_t *to, const uint8_t *from)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);

    for (size_t i = 0; i < count; i++) {
        size_t offset = areas[i].index * LUKS2_AREA_BYTES;
        memcpy(to + offset, from + offset, LUKS2_AREA_BYTES);
    }
}

static struct luks2_header *header_from_binary(const struct bytes *bytes,
                                               const struct luks2_binary *binary, struct error *err)
{
    OWNED(luks2_header) header = calloc(1, sizeof(*header));

    if (header == NULL) {
        error_no_memory(err);
        return NULL;
    }
    header->json = read_metadata(binary, err);
    header->area = header->json == NULL ? NULL : bytes_new(LUKS2_KEYSLOTS_BYTES, err);
    if (header->area == NULL)
        return NULL;
    luks2_header_copy_areas(header, header->area->data, bytes->data + LUKS2_KEYSLOTS_OFFSET);
    snprintf(header->uuid, sizeof(header->uuid), "%.36s", binary->uuid);
    snprintf(header->label, sizeof(header->label), "%s", binary->label);
    header->sequence_id = binary->sequence_id;
    header->copy = binary->copy;
    return TAKE(header);
}

struct luks2_header *luks2_header_read(const struct bytes *bytes, struct error *err)
{
    struct luks2_binary binary;
    bool agree;

    if (!luks2_copies_read(bytes, &binary, &agree, err))
        return NULL;
    struct luks2_header *header = header_from_binary(bytes, &binary, err);
    if (header == NULL)
        error_wrap(err, "copy %u", binary.copy);
    else
        header->copies_agree = agree;
    return header;
}

void luks2_header_free(struct luks2_header *header)
{
    if (header == NULL)
        return;
    json_object_put(header->json);
    bytes_free(header->area);
    free(header);
}

struct bytes *luks2_header_serialise(const struct luks2_header *header, struct error *err)
{
    OWNED(bytes) out = bytes_new(LUKS2_HEADER_BYTES, err);
    struct luks2_binary binary = {.sequence_id = header->sequence_id};

    if (out == NULL)
        return NULL;
    snprintf(binary.uuid, sizeof(binary.uuid), "%s", header->uuid);
    snprintf(binary.label, sizeof(binary.label), "%.47s", header->label);
    binary.json = json_object_to_json_string_length(
        header->json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &binary.json_size);
    if (binary.json == NULL) {
        error_no_memory(err);
        return NULL;
    }
    for (; binary.copy < 2; binary.copy++) {
        if (!luks2_binary_write(&binary, out->data + binary.copy * LUKS2_METADATA_BYTES, err))
            return NULL;
    }
    luks2_header_copy_areas(header, out->data + LUKS2_KEYSLOTS_OFFSET, header->area->data);
    return TAKE(out);
}
