/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/eventlog.h"

#include <string.h>

#include "core/reader.h"

#define SPEC_ID_SIGNATURE "Spec ID Event03"
#define SHA1_BYTES 20
/* Banks that a Spec ID event may announce, unknown ones included. */
#define BANK_LIMIT 16
#define BANK_DIGEST_LIMIT_BYTES 64
/* A bound that no real event comes near: a dbx is some 30 KiB. */
#define EVENT_DATA_LIMIT_BYTES ((uint32_t)4 << 20)

struct bank {
    uint16_t algorithm;
    uint16_t size;
};

struct bank_list {
    size_t count;
    struct bank banks[BANK_LIMIT];
};

static bool bad_event(size_t number, const char *what, struct error *err)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "event log: event %zu %s", number, what);
}

static bool log_append(struct eventlog *log, const struct event *event, size_t *room,
                       struct error *err)
{
    if (log->count == EVENTLOG_LIMIT_EVENTS)
        return error_set(err, COLDSEAL_BAD_IMAGE, "event log: more than %zu events",
                         EVENTLOG_LIMIT_EVENTS);
    if (log->count == *room) {
        size_t more = *room == 0 ? 64 : *room * 2;
        struct event *events = reallocarray(log->events, more, sizeof(*events));
        if (events == NULL)
            return error_no_memory(err);
        log->events = events;
        *room = more;
    }
    log->events[log->count++] = *event;
    return true;
}

static bool event_add_digest(struct event *event, uint16_t algorithm, const uint8_t *value)
{
    size_t size = digest_size((enum digest_algorithm)algorithm);

    if (size == 0)
        return true;
    if (event_digest_find(event, (enum digest_algorithm)algorithm) != NULL ||
        event->digest_count == EVENT_DIGESTS)
        return false;
    struct event_digest *digest = &event->digests[event->digest_count++];
    digest->algorithm = (enum digest_algorithm)algorithm;
    memcpy(digest->value, value, size);
    return true;
}

static bool read_event_data(struct reader *r, struct event *event)
{
    uint32_t size;

    if (!read_u32le(r, &size) || size > EVENT_DATA_LIMIT_BYTES || !read_view(r, &event->data, size))
        return false;
    event->data_size = size;
    return true;
}

/* TCG_PCClientPCREvent */
static bool read_sha1_event(struct reader *r, struct event *event)
{
    const uint8_t *sha1;

    *event = (struct event){0};
    return read_u32le(r, &event->pcr) && read_u32le(r, &event->type) &&
           read_view(r, &sha1, SHA1_BYTES) && event_add_digest(event, DIGEST_SHA1, sha1) &&
           read_event_data(r, event);
}

static const struct bank *bank_find(const struct bank_list *banks, uint16_t algorithm)
{
    for (size_t i = 0; i < banks->count; i++) {
        if (banks->banks[i].algorithm == algorithm)
            return &banks->banks[i];
    }
    return NULL;
}

static bool read_digest(struct reader *r, const struct bank_list *banks, struct event *event)
{
    uint16_t algorithm;
    const uint8_t *value;

    if (!read_u16le(r, &algorithm))
        return false;
    const struct bank *bank = bank_find(banks, algorithm);
    return bank != NULL && read_view(r, &value, bank->size) &&
           event_add_digest(event, algorithm, value);
}

/* TCG_PCR_EVENT2 */
static bool read_agile_event(struct reader *r, const struct bank_list *banks, struct event *event)
{
    uint32_t count;

    *event = (struct event){0};
    if (!read_u32le(r, &event->pcr) || !read_u32le(r, &event->type) || !read_u32le(r, &count) ||
        count == 0 || count > banks->count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_digest(r, banks, event))
            return false;
    }
    return read_event_data(r, event);
}

static bool read_bank(struct reader *r, struct bank_list *banks)
{
    struct bank *bank = &banks->banks[banks->count];

    if (!read_u16le(r, &bank->algorithm) || !read_u16le(r, &bank->size) || bank->size == 0 ||
        bank->size > BANK_DIGEST_LIMIT_BYTES || bank_find(banks, bank->algorithm) != NULL)
        return false;
    size_t known = digest_size((enum digest_algorithm)bank->algorithm);
    if (known != 0 && known != bank->size)
        return false;
    banks->count++;
    return true;
}

/* TCG_EfiSpecIdEvent, behind its signature */
static bool read_spec_id(struct reader *r, struct bank_list *banks)
{
    uint32_t platform_class, count;
    uint8_t vendor_bytes;

    if (!read_u32le(r, &platform_class) || !reader_skip(r, 4) || !read_u32le(r, &count) ||
        count == 0 || count > BANK_LIMIT)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_bank(r, banks))
            return false;
    }
    return read_u8(r, &vendor_bytes) && reader_skip(r, vendor_bytes) && reader_left(r) == 0;
}

/* The first event says how the others are written: `banks` stays empty for a log of SHA-1. */
static bool read_first_event(struct reader *r, struct event *event, struct bank_list *banks,
                             struct error *err)
{
    if (!read_sha1_event(r, event))
        return bad_event(0, "is cut off", err);
    if (event->type != EV_NO_ACTION || event->data_size < sizeof(SPEC_ID_SIGNATURE) ||
        memcmp(event->data, SPEC_ID_SIGNATURE, sizeof(SPEC_ID_SIGNATURE)) != 0)
        return true;
    struct reader spec = reader_over(event->data, event->data_size);
    return (reader_skip(&spec, sizeof(SPEC_ID_SIGNATURE)) && read_spec_id(&spec, banks)) ||
           error_set(err, COLDSEAL_BAD_IMAGE, "event log: the Spec ID event is malformed");
}

static bool rest_is_fill(const struct reader *r)
{
    const uint8_t *rest = r->data + r->position;
    size_t left = reader_left(r);

    return (rest[0] == 0x00 || rest[0] == 0xff) && memcmp(rest, rest + 1, left - 1) == 0;
}

/* An all-zero event can be read from a SHA-1 log's fill, but EV_PREBOOT_CERT without data is none.
 */
static bool event_is_fill(const struct event *event)
{
    return event->pcr == 0 && event->type == 0 && event->data_size == 0;
}

static bool read_events(struct reader *r, const struct bank_list *banks, struct eventlog *log,
                        size_t *room, struct error *err)
{
    while (reader_left(r) > 0) {
        struct event event;
        struct reader here = *r;
        bool whole =
            banks->count > 0 ? read_agile_event(r, banks, &event) : read_sha1_event(r, &event);

        if (!whole || event_is_fill(&event))
            return rest_is_fill(&here) || bad_event(log->count, "is cut off or malformed", err);
        if (event.pcr >= PCR_COUNT && event.type != EV_NO_ACTION)
            return bad_event(log->count, "is for a PCR that does not exist", err);
        if (!log_append(log, &event, room, err))
            return false;
    }
    return true;
}

static bool parse_binary(struct eventlog *log, struct error *err)
{
    struct reader r = reader_over(log->bytes->data, log->bytes->size);
    struct bank_list banks = {0};
    struct event first;
    size_t room = 0;

    if (!read_first_event(&r, &first, &banks, err))
        return false;
    if (first.pcr >= PCR_COUNT && first.type != EV_NO_ACTION)
        return bad_event(0, "is for a PCR that does not exist", err);
    return log_append(log, &first, &room, err) && read_events(&r, &banks, log, &room, err);
}

/* A log starts with a PCR's number and an event's type in binary: no text does. */
static bool looks_binary(const struct bytes *bytes)
{
    struct reader r = reader_over(bytes->data, bytes->size);
    uint32_t pcr, type;

    return read_u32le(&r, &pcr) && read_u32le(&r, &type) && pcr < PCR_COUNT &&
           ((type & 0x7fffffffu) < 0x1000u);
}

struct eventlog *eventlog_parse(const struct bytes *bytes, struct error *err)
{
    OWNED(eventlog) log = calloc(1, sizeof(*log));

    if (log == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!looks_binary(bytes)) {
        log->bytes = digestlog_decode(bytes, err);
    } else if (bytes->size > EVENTLOG_LIMIT_BYTES) {
        error_set(err, COLDSEAL_BAD_IMAGE, "event log: larger than %zu bytes",
                  EVENTLOG_LIMIT_BYTES);
    } else {
        log->bytes = bytes_copy(bytes->data, bytes->size, err);
    }
    if (log->bytes == NULL || !parse_binary(log, err))
        return NULL;
    return TAKE(log);
}

void eventlog_free(struct eventlog *log)
{
    if (log == NULL)
        return;
    bytes_free(log->bytes);
    free(log->events);
    free(log);
}

const uint8_t *event_digest_find(const struct event *event, enum digest_algorithm bank)
{
    for (size_t i = 0; i < event->digest_count; i++) {
        if (event->digests[i].algorithm == bank)
            return event->digests[i].value;
    }
    return NULL;
}
