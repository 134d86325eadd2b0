/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "boot/grub_run.h"

/* What `text` begins with: "0x" or, before an octal digit, "0". */
static const char *take_base(const char *text, unsigned *base)
{
    if (text[0] == '0' && text[1] == 'x' && (*base == 0 || *base == 16)) {
        *base = 16;
        return text + 2;
    }
    if (*base == 0)
        *base = text[0] == '0' && text[1] >= '0' && text[1] <= '7' ? 8 : 10;
    return text;
}

static unsigned digit_of(char character)
{
    if (isdigit((unsigned char)character))
        return (unsigned)(character - '0');
    return isalpha((unsigned char)character) ? (unsigned)(tolower(character) - 'a') + 10 : 36;
}

bool grub_number(const char *text, unsigned base, uint64_t *value, const char **rest)
{
    while (isspace((unsigned char)*text))
        text++;
    text = take_base(text, &base);
    const char *start = text;
    *value = 0;
    for (; digit_of(*text) < base; text++) {
        if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
            __builtin_add_overflow(*value, (uint64_t)digit_of(*text), value)) {
            *value = UINT64_MAX;
            start = text;
            break;
        }
    }
    if (rest != NULL)
        *rest = text;
    return text != start;
}
