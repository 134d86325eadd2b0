/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware state from a log is a document that can be read. */
#include <stdlib.h>

#include "fuzz.h"
#include "measure/firmware_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED(bytes) bytes = bytes_copy(data, size, &err);
    OWNED_JSON notes = json_new_array(&err);
    OWNED(firmware)
    firmware = bytes == NULL || notes == NULL ? NULL : firmware_from_log(bytes, notes, &err);

    if (firmware == NULL)
        return 0;
    OWNED_JSON json = firmware_to_json(firmware, &err);
    OWNED(firmware) again = json == NULL ? NULL : firmware_from_json(json, &err);
    if (again == NULL)
        abort();
    return 0;
}
