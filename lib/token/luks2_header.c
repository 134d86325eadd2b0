/* SPDX-License-Identifier: Apache-2.0 */
#include "token/luks2_header.h"

#include <stdio.h>
#include <string.h>

#include "token/luks2_binary.h"
#include "token/luks2_rules.h"

struct copies {
    enum luks2_copy_state state[2];
    uint64_t sequence_id[2];
    struct error why[2];
};

static void probe_copies(const struct bytes *bytes, struct copies *copies)
{
    struct luks2_binary binary = {0};

    for (unsigned copy = 0; copy < 2; copy++) {
        copies->state[copy] = luks2_binary_probe(bytes, copy, &binary, &copies->why[copy]);
        copies->sequence_id[copy] = binary.sequence_id;
    }
}

static bool choose_copy(const struct copies *copies, unsigned *chosen, struct error *err)
{
    bool first = copies->state[0] == LUKS2_COPY_VALID;
    bool second = copies->state[1] == LUKS2_COPY_VALID;

    if (first || second) {
        *chosen = !first || (second && copies->sequence_id[1] > copies->sequence_id[0]);
        return true;
    }
    if (copies->state[0] == LUKS2_COPY_ABSENT && copies->state[1] == LUKS2_COPY_ABSENT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "no LUKS2 header");
    *err = copies->why[copies->state[0] == LUKS2_COPY_ABSENT];
    return false;
}

static bool same_metadata(const struct luks2_binary *a, const struct luks2_binary *b)
{
    return a->sequence_id == b->sequence_id && a->json_size == b->json_size &&
           memcmp(a->json, b->json, a->json_size) == 0 && strcmp(a->uuid, b->uuid) == 0 &&
           strcmp(a->label, b->label) == 0;
}

static bool other_copy_agrees(const struct bytes *bytes, const struct copies *copies,
                              const struct luks2_binary *chosen)
{
    unsigned other = 1 - chosen->copy;
    struct error ignored = {0};
    struct luks2_binary binary;

    return copies->state[other] == LUKS2_COPY_VALID &&
           luks2_binary_read(bytes, other, &binary, &ignored) && same_metadata(chosen, &binary);
}

static json_object *read_metadata(const struct luks2_binary *binary, struct error *err)
{
    OWNED_JSON json = json_parse(binary->json, binary->json_size, err);

    if (json == NULL) {
        error_wrap(err, "LUKS2 header breaks rule json-strict");
        return NULL;
    }
    return luks2_validate_json(json, err) ? luks2_canonical_json(json, err) : NULL;
}

/* From the keyslot area at `from` to that at `to`, which is zero: only areas that a keyslot owns,
 * so that the pages of the others stay untouched. */
static void copy_areas(const struct luks2_header *header, uint8_t *to, const uint8_t *from)
{
    struct luks2_area areas[LUKS2_MAX_KEYSLOTS];
    size_t count = luks2_header_areas(header, areas);

    for (size_t i = 0; i < count; i++) {
        size_t offset = areas[i].index * LUKS2_AREA_BYTES;
        memcpy(to + offset, from + offset, LUKS2_AREA_BYTES);
    }
}

static struct luks2_header *header_from_copy(const struct bytes *bytes, const struct copies *copies,
                                             unsigned copy, struct error *err)
{
    struct luks2_binary binary;
    OWNED(luks2_header) header = calloc(1, sizeof(*header));

    if (header == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!luks2_binary_read(bytes, copy, &binary, err))
        return NULL;
    header->json = read_metadata(&binary, err);
    if (header->json == NULL)
        return NULL;
    header->area = bytes_new(LUKS2_KEYSLOTS_BYTES, err);
    if (header->area == NULL)
        return NULL;
    copy_areas(header, header->area->data, bytes->data + LUKS2_KEYSLOTS_OFFSET);
    snprintf(header->uuid, sizeof(header->uuid), "%.36s", binary.uuid);
    snprintf(header->label, sizeof(header->label), "%s", binary.label);
    header->sequence_id = binary.sequence_id;
    header->copy = copy;
    header->copies_agree = other_copy_agrees(bytes, copies, &binary);
    return TAKE(header);
}

struct luks2_header *luks2_header_read(const struct bytes *bytes, struct error *err)
{
    struct copies copies = {0};
    unsigned copy = 0;

    if (bytes->size != LUKS2_HEADER_BYTES) {
        error_set(err, COLDSEAL_UNSUPPORTED, "no LUKS2 header of %zu bytes", LUKS2_HEADER_BYTES);
        return NULL;
    }
    probe_copies(bytes, &copies);
    if (!choose_copy(&copies, &copy, err))
        return NULL;
    struct luks2_header *header = header_from_copy(bytes, &copies, copy, err);
    if (header == NULL)
        error_wrap(err, "copy %u", copy);
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
    copy_areas(header, out->data + LUKS2_KEYSLOTS_OFFSET, header->area->data);
    return TAKE(out);
}
