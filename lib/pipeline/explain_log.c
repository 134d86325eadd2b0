/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/explain_log.h"

#include <string.h>

#define FAILURE "coldseal: unlock failed: "

void boot_record_drop(struct boot_record *record)
{
    measured_list_free(record->events);
    eventlog_free(record->log);
    *record = (struct boot_record){0};
}

/* The last one counts, as with the digest logs. */
static const char *find_last(const struct bytes *text, const char *wanted)
{
    const char *start = (const char *)text->data, *end = start + text->size, *last = NULL;
    const char *next;

    while ((next = memmem(start, (size_t)(end - start), wanted, strlen(wanted))) != NULL) {
        last = next;
        start = next + strlen(wanted);
    }
    return last;
}

static void take_words(const struct bytes *text, struct boot_record *record)
{
    const char *end = (const char *)text->data + text->size;
    const char *words = find_last(text, FAILURE);
    size_t used = 0;

    if (words == NULL)
        return;
    for (words += strlen(FAILURE); words < end && *words != '\n' && *words != '\r'; words++) {
        if (used + 1 < sizeof(record->said))
            record->said[used++] = *words >= 0x20 && *words < 0x7f ? *words : '?';
    }
}

bool boot_record_read(const char *path, struct boot_record *record, struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(path, EVENTLOG_CONSOLE_LIMIT_BYTES, err);

    *record = (struct boot_record){0};
    record->log = bytes == NULL ? NULL : eventlog_parse(bytes, err);
    record->events = record->log == NULL ? NULL : measured_from_log(record->log, err);
    if (record->events == NULL || !eventlog_replay(record->log, &record->values, err))
        return error_wrap(err, "%s", path);
    record->values.known |= 1u << 15;
    take_words(bytes, record);
    return true;
}
