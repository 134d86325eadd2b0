/* SPDX-License-Identifier: Apache-2.0 */
/* PCR values from a file of any of the kinds that people have at hand. */
#include <ctype.h>

#include "measure/eventlog.h"
#include "measure/pcr.h"

#define PCR_OF_UNLOCK 15

static bool looks_like_json(const struct bytes *bytes)
{
    size_t i = 0;

    while (i < bytes->size && isspace(bytes->data[i]))
        i++;
    return i < bytes->size && bytes->data[i] == '{';
}

static bool values_from_json_text(const struct bytes *bytes, struct pcr_values *values,
                                  struct error *err)
{
    OWNED_JSON json = json_parse((const char *)bytes->data, bytes->size, err);

    return json != NULL && pcr_values_from_json(json, values, err);
}

static bool values_from_log(const struct bytes *bytes, struct pcr_values *values, struct error *err)
{
    OWNED(eventlog) log = eventlog_parse(bytes, err);

    if (log == NULL || !eventlog_replay(log, values, err))
        return false;
    /* Firmware measures nothing there: without an event it is as the reset left it. */
    values->known |= 1u << PCR_OF_UNLOCK;
    return true;
}

bool pcr_values_read_file(const char *path, struct pcr_values *values, struct error *err)
{
    struct pcr_values found = {0};
    OWNED(bytes) bytes = bytes_read_file(path, EVENTLOG_CONSOLE_LIMIT_BYTES, err);

    if (bytes == NULL)
        return false;
    if (!(looks_like_json(bytes) ? values_from_json_text(bytes, &found, err)
                                 : values_from_log(bytes, &found, err)))
        return error_wrap(err, "%s", path);
    *values = found;
    return true;
}
