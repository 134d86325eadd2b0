/* SPDX-License-Identifier: Apache-2.0 */
/* A length (16 bits), so many bytes of a signature list, and an image that is held against it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "measure/authenticode.h"

static void check(const struct authenticode_result *result, const struct signature_list *list)
{
    if (result->match_count > AUTHENTICODE_SIGNATURE_LIMIT ||
        memchr(result->signer, '\0', sizeof(result->signer)) == NULL)
        abort();
    if (result->verdict == AUTHENTICODE_REVOKED && result->revoked_by.entry >= list->count)
        abort();
    if ((result->verdict == AUTHENTICODE_ACCEPTED) && result->match_count == 0)
        abort();
    for (size_t i = 0; i < result->match_count; i++) {
        if (result->matches[i].entry >= list->count)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct reader r = reader_over(data, size);
    struct reader list_bytes;
    struct authenticode_result result;
    struct digest_set digests;
    struct pe pe;
    uint16_t list_size;

    if (!read_u16le(&r, &list_size) || !read_sub(&r, &list_bytes, list_size))
        return 0;
    OWNED(signature_list) list = signature_list_parse(list_bytes.data, list_bytes.size, &err);
    OWNED(bytes) file = bytes_copy(data + r.position, reader_left(&r), &err);
    if (list == NULL || file == NULL || !pe_parse(file, &pe, &err))
        return 0;
    authenticode_digests(&pe, &digests, &err);
    if (authenticode_verify(&pe, list, NULL, &result, &err))
        check(&result, list);
    if (authenticode_verify(&pe, list, list, &result, &err))
        check(&result, list);
    const struct signature_list *lists[AUTHENTICODE_LISTS] = {[AUTHENTICODE_MOK_LIST] = list};
    if (authenticode_verify_shim(&pe, lists, &result, &err))
        check(&result, list);
    return 0;
}
