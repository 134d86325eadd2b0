/* SPDX-License-Identifier: Apache-2.0 */
/* Entries lie inside the list's bytes, each behind its owner, and none overlaps another. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "measure/signature_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED(signature_list) list = signature_list_parse(data, size, &err);

    if (list == NULL)
        return 0;
    const uint8_t *end = list->bytes->data;
    for (size_t i = 0; i < list->count; i++) {
        const struct signature *entry = &list->entries[i];
        if (entry->data - sizeof(entry->owner.bytes) < end || entry->size == 0 ||
            memcmp(entry->data - sizeof(entry->owner.bytes), entry->owner.bytes,
                   sizeof(entry->owner.bytes)) != 0)
            abort();
        end = entry->data + entry->size;
    }
    if (end > list->bytes->data + list->bytes->size)
        abort();
    return 0;
}
