/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware document that is taken is written as the same again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "measure/firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED_JSON json = json_parse((const char *)data, size, &err);
    OWNED(firmware) firmware = json == NULL ? NULL : firmware_from_json(json, &err);

    if (firmware == NULL)
        return 0;
    OWNED_JSON written = firmware_to_json(firmware, &err);
    OWNED(firmware) again = written == NULL ? NULL : firmware_from_json(written, &err);
    OWNED_JSON twice = again == NULL ? NULL : firmware_to_json(again, &err);
    if (twice == NULL ||
        strcmp(json_object_to_json_string(written), json_object_to_json_string(twice)) != 0)
        abort();
    return 0;
}
