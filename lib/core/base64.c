/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"

#include <openssl/evp.h>
#include <string.h>

char *base64_encode(const void *data, size_t size, struct error *err)
{
    if (size > INT32_MAX / 2) {
        error_no_memory(err);
        return NULL;
    }
    char *text = malloc((size + 2) / 3 * 4 + 1);
    if (text == NULL) {
        error_no_memory(err);
        return NULL;
    }
    EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    return text;
}

static size_t padding_of(const char *text, size_t length)
{
    if (length < 4 || text[length - 1] != '=')
        return 0;
    return text[length - 2] == '=' ? 2 : 1;
}

struct bytes *base64_decode(const char *text, struct error *err)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text);
    size_t padding = padding_of(text, length);

    if (length % 4 != 0 || length > INT32_MAX || strspn(text, alphabet) != length - padding) {
        error_set(err, COLDSEAL_BAD_IMAGE, "not base64");
        return NULL;
    }
    OWNED(bytes) bytes = bytes_new(length / 4 * 3, err);
    if (bytes == NULL)
        return NULL;
    EVP_DecodeBlock(bytes->data, (const unsigned char *)text, (int)length);
    bytes->size -= padding;
    /* Canonical: the bits under the padding are zero. */
    OWNED_PTR(char) again = base64_encode(bytes->data, bytes->size, err);
    if (again == NULL)
        return NULL;
    if (strcmp(again, text) != 0) {
        error_set(err, COLDSEAL_BAD_IMAGE, "not canonical base64");
        return NULL;
    }
    return TAKE(bytes);
}
