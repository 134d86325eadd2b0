/* SPDX-License-Identifier: Apache-2.0 */
/* A log that can be replayed says the same after a digest log has been made of it and read. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "measure/event_subject.h"
#include "measure/eventlog.h"

static void check_digestlog(const struct eventlog *log, const struct pcr_values *values)
{
    struct error err = {0};
    struct pcr_values again;
    OWNED_PTR(char) text = digestlog_encode(log, &err);

    if (text == NULL)
        return; /* EV_NO_ACTION without SHA-256 is replayed, but not written */
    OWNED(bytes) console = bytes_copy(text, strlen(text), &err);
    OWNED(eventlog) read = console == NULL ? NULL : eventlog_parse(console, &err);
    if (read == NULL || !eventlog_replay(read, &again, &err) ||
        memcmp(values, &again, sizeof(again)) != 0)
        abort();
}

static void check_subjects(const struct eventlog *log)
{
    struct event_subject subject;

    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
        if (strlen(subject.name) >= sizeof(subject.name) || subject.value_size > event->data_size)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct pcr_values values;
    OWNED(bytes) input = bytes_copy(data, size, &err);
    OWNED(eventlog) log = input == NULL ? NULL : eventlog_parse(input, &err);

    if (log != NULL)
        check_subjects(log);
    if (log != NULL && eventlog_replay(log, &values, &err))
        check_digestlog(log, &values);
    return 0;
}
