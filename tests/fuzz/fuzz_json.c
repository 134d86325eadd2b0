/* SPDX-License-Identifier: Apache-2.0 */
/* What json_parse accepts is written by json-c as a document that json_parse accepts as well. */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED_JSON object = json_parse((const char *)data, size, &err);

    if (object == NULL)
        return 0;
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    OWNED_JSON again = json_parse(text, strlen(text), &err);
    if (again == NULL || !json_object_equal(object, again))
        abort();
    return 0;
}
