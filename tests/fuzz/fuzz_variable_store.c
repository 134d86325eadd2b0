/* SPDX-License-Identifier: Apache-2.0 */
/* No two variables of one name and vendor; what is made of them is a document that can be read. */
#include <stdlib.h>

#include "fuzz.h"
#include "measure/firmware_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED(bytes) image = bytes_copy(data, size, &err);
    OWNED(efi_variables) variables = image == NULL ? NULL : variable_store_parse(image, &err);

    if (variables == NULL)
        return 0;
    for (size_t i = 0; i < variables->count; i++) {
        const struct efi_variable *item = &variables->items[i];
        if (efi_variables_find(variables, item->name, &item->guid) != item)
            abort();
    }
    OWNED(firmware) firmware = firmware_from_store(variables, &err);
    OWNED_JSON json = firmware == NULL ? NULL : firmware_to_json(firmware, &err);
    OWNED(firmware) again = json == NULL ? NULL : firmware_from_json(json, &err);
    if (firmware != NULL && again == NULL)
        abort();
    return 0;
}
