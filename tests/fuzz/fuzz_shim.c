/* SPDX-License-Identifier: Apache-2.0 */
/* Shims, and their SBAT data. */
#include <stdlib.h>
#include <string.h>

#include "boot/sbat.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = bytes_copy(data, size, &err);

    if (file == NULL || !pe_parse(file, &pe, &err))
        return 0;
    OWNED(shim_facts) facts = shim_read(&pe, &err);
    if (facts == NULL)
        return 0;
    if ((facts->vendor_db != NULL && facts->vendor_db->size > size) ||
        (facts->sbat != NULL && strlen(facts->sbat) > size))
        abort();
    OWNED(bytes) level = sbat_level_after(facts, true, &(struct sbat_variables){0}, &err);
    if (level != NULL && level->size > size + 32)
        abort();
    return 0;
}
