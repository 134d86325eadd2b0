/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of virt-firmware, as of a store and as of a running system. */
#include "fuzz.h"
#include "measure/firmware_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED_JSON json = json_parse((const char *)data, size, &err);
    OWNED(efi_variables) variables = json == NULL ? NULL : efi_variables_from_json(json, &err);

    if (variables == NULL)
        return 0;
    OWNED(firmware) stored = firmware_from_store(variables, &err);
    OWNED(firmware) seen = firmware_from_efivars(variables, &err);
    return 0;
}
