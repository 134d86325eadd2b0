/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One line, no terminal escapes: bytes of an image may be part of a message. */
static void make_printable(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
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
    make_printable(err->message);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s",
             strerror_r(saved, reason, sizeof(reason)));
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
    make_printable(err->message);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s", inner);
    return false;
}

bool error_no_memory(struct error *err)
{
    return error_set(err, COLDSEAL_IO, "out of memory");
}
