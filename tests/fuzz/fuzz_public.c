/* SPDX-License-Identifier: Apache-2.0 */
/* A public area that is taken is written as the same bytes, and has a Name if we seal to it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "seal/public.h"

static void check_area(const TPM2B_PUBLIC *public, const uint8_t *data, size_t size)
{
    struct error err = {0};
    TPM2B_NAME name;
    OWNED(bytes) again = public_marshal(public, &err);

    /* TPMT_PUBLIC lacks the size that TPM2B_PUBLIC begins with. */
    if (again == NULL || again->size < size || memcmp(again->data + again->size - size, data, size))
        abort();
    if (public_check_storage_key(public, &err) && !public_name(public, &name, &err))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    TPM2B_PUBLIC public;

    if (public_parse(data, size, &public, &err))
        check_area(&public, data, size);
    /* The decoder is slow: it sees what starts as DER or PEM does, as in target_from_public. */
    if (size > 0 && (data[0] == 0x30 || data[0] == '-') &&
        public_from_spki(data, size, &public, &err) && !public_check_storage_key(&public, &err))
        abort();
    return 0;
}
