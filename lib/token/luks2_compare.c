/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes on the disk against the bytes that coldseal would write for the same header. */
#include <string.h>

#include "token/luks2_header.h"

static bool differs(const struct bytes *a, const struct bytes *b, size_t offset, size_t size)
{
    return memcmp(a->data + offset, b->data + offset, size) != 0;
}

bool luks2_header_compare(const struct luks2_header *header, const struct bytes *bytes,
                          struct luks2_residue *residue, struct error *err)
{
    OWNED(bytes) ours = luks2_header_serialise(header, err);

    *residue = (struct luks2_residue){0};
    if (ours == NULL)
        return false;
    for (unsigned copy = 0; copy < 2; copy++)
        residue->metadata_differs |=
            differs(ours, bytes, copy * LUKS2_METADATA_BYTES, LUKS2_METADATA_BYTES);
    /* What a keyslot owns is the same in both, since `header` has it from there. */
    for (size_t index = 0; index < LUKS2_AREA_COUNT; index++) {
        size_t offset = LUKS2_KEYSLOTS_OFFSET + index * LUKS2_AREA_BYTES;
        residue->leftover_areas += differs(ours, bytes, offset, LUKS2_AREA_BYTES);
    }
    return true;
}
