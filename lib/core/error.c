/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text` (RFC 3629, section 4), 0 when there is none. Overlong
 * forms of more than two bytes, surrogates and the like pass: nothing is decoded here. */
static size_t character_bytes(const unsigned char *text)
{
    size_t size = *text < 0x80 ? 1 : *text < 0xc2 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;

    if (*text > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    return size;
}

/* U+0000 to U+001F, U+007F, U+0080 to U+009F: some terminals obey the last as well. */
static bool is_control(const unsigned char *text)
{
    return *text < 0x20 || *text == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

/* One line, no terminal escapes, UTF-8: bytes of an image may be part of a message, and a message
 * may be part of a JSON document. */
static void make_printable(char *text)
{
    unsigned char *p = (unsigned char *)text;

    while (*p != '\0') {
        size_t size = character_bytes(p);
        if (size == 0 || is_control(p))
            *p++ = '?';
        else
            p += size;
    }
}

bool error_set(struct error *err, enum coldseal_code code, const char *format, ...)
{
    va_list args;

    err->code = code;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    make_printable(err->message);
    return false;
}

bool error_errno(struct error *err, enum coldseal_code code, const char *format, ...)
{
    int saved = errno;
    va_list args;
    char reason[128];

    err->code = code;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s",
             strerror_r(saved, reason, sizeof(reason)));
    make_printable(err->message);
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    char inner[ERROR_MESSAGE_BYTES];
    va_list args;

    memcpy(inner, err->message, sizeof(inner));
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s", inner);
    make_printable(err->message);
    return false;
}

bool error_no_memory(struct error *err)
{
    return error_set(err, COLDSEAL_IO, "out of memory");
}
