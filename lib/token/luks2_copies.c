/* SPDX-License-Identifier: Apache-2.0 */
#include "token/luks2_copies.h"

#include <string.h>

#include "token/luks2_header.h"

struct copies {
    enum luks2_copy_state state[2];
    uint64_t sequence_id[2];
    struct error why[2];
};

/* A copy that could not be checked, for want of memory, is not one that is wrong. */
static bool probe_copies(const struct bytes *bytes, struct copies *copies, struct error *err)
{
    struct luks2_binary binary = {0};

    for (unsigned copy = 0; copy < 2; copy++) {
        copies->state[copy] = luks2_binary_probe(bytes, copy, &binary, &copies->why[copy]);
        copies->sequence_id[copy] = binary.sequence_id;
        if (copies->state[copy] == LUKS2_COPY_INVALID &&
            copies->why[copy].code != COLDSEAL_BAD_IMAGE) {
            *err = copies->why[copy];
            return false;
        }
    }
    return true;
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

bool luks2_copies_read(const struct bytes *bytes, struct luks2_binary *chosen, bool *agree,
                       struct error *err)
{
    struct copies copies = {0};
    unsigned copy = 0;

    if (bytes->size != LUKS2_HEADER_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "no LUKS2 header of %zu bytes",
                         LUKS2_HEADER_BYTES);
    if (!probe_copies(bytes, &copies, err) || !choose_copy(&copies, &copy, err))
        return false;
    if (!luks2_binary_read(bytes, copy, chosen, err))
        return error_wrap(err, "copy %u", copy);
    *agree = other_copy_agrees(bytes, &copies, chosen);
    return true;
}
