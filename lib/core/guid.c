/* SPDX-License-Identifier: Apache-2.0 */
#include "core/guid.h"

#include <stdio.h>
#include <string.h>

#include "core/hex.h"

/* Which byte of the stored form stands at each place of the text. */
static const uint8_t text_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

bool guid_equal(const struct guid *a, const struct guid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool guid_is_zero(const struct guid *guid)
{
    static const struct guid zero;

    return guid_equal(guid, &zero);
}

static bool dash_before(unsigned i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}

void guid_format(const struct guid *guid, char text[GUID_TEXT_BYTES])
{
    char *p = text;

    for (unsigned i = 0; i < 16; i++) {
        if (dash_before(i))
            *p++ = '-';
        hex_encode(&guid->bytes[text_order[i]], 1, p);
        p += 2;
    }
}

bool guid_parse(const char *text, struct guid *guid)
{
    const char *p = text;

    if (strlen(text) != GUID_TEXT_BYTES - 1)
        return false;
    for (unsigned i = 0; i < 16; i++) {
        if (dash_before(i) && *p++ != '-')
            return false;
        if (!hex_decode(p, 2, &guid->bytes[text_order[i]]))
            return false;
        p += 2;
    }
    return true;
}
