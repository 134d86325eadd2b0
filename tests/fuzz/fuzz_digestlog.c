/* SPDX-License-Identifier: Apache-2.0 */
/* The input as console text; and as what stands behind the text's base64. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "measure/eventlog.h"

#define LINE_BYTES ((size_t)57)

static void decode(const void *text, size_t size)
{
    struct error err = {0};
    OWNED(bytes) console = bytes_copy(text, size, &err);
    OWNED(bytes) binary = console == NULL ? NULL : digestlog_decode(console, &err);

    if (binary != NULL && binary->size > EVENTLOG_LIMIT_BYTES)
        abort();
}

static void decode_packed(const uint8_t *data, size_t size)
{
    size_t lines = (size + LINE_BYTES - 1) / LINE_BYTES;
    OWNED_PTR(char) text = calloc(1, lines * (DIGESTLOG_LINE_CHARACTERS + 1) + 128);

    if (text == NULL)
        return;
    char *p = stpcpy(text, DIGESTLOG_BEGIN "\n");
    for (size_t i = 0; i < lines; i++) {
        uint8_t line[LINE_BYTES] = {0};
        size_t left = size - i * LINE_BYTES;
        memcpy(line, data + i * LINE_BYTES, left < LINE_BYTES ? left : LINE_BYTES);
        p += EVP_EncodeBlock((uint8_t *)p, line, LINE_BYTES);
        *p++ = '\n';
    }
    stpcpy(p, DIGESTLOG_END "\n");
    decode(text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    decode_packed(data, size);
    return 0;
}
