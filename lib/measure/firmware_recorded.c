/* SPDX-License-Identifier: Apache-2.0 */
/* What a log recorded of the PCRs that no image decides, in the firmware document. */
#include <string.h>

#include "core/base64.h"
#include "core/hex.h"
#include "measure/firmware.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* Real logs have some hundred events in these PCRs. */
#define RECORDED_LIMIT_EVENTS ((size_t)4096)

static const char *const recorded_members[] = {"pcrs", "events"};
static const char *const event_members[] = {"pcr", "type", "digests", "data"};

static bool read_digest(const char *name, json_object *value, struct event *event,
                        struct error *err)
{
    struct event_digest *digest = &event->digests[event->digest_count];
    int digits;

    if (event->digest_count == EVENT_DIGESTS || !digest_from_name(name, &digest->algorithm))
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"%s\" is not a digest's algorithm", name);
    digits = 2 * (int)digest_size(digest->algorithm);
    if (!json_object_is_type(value, json_type_string) ||
        json_object_get_string_len(value) != digits ||
        !hex_decode(json_object_get_string(value), (size_t)digits, digest->value))
        return error_set(err, COLDSEAL_BAD_IMAGE, "the %s digest is not %d hexadecimal digits",
                         name, digits);
    event->digest_count++;
    return true;
}

static bool read_digests(json_object *json, struct event *event, struct error *err)
{
    json_object *digests;

    if (!json_get_object(json, "digests", &digests, err))
        return false;
    json_object_object_foreach(digests, name, value)
    {
        if (!read_digest(name, value, event, err))
            return false;
    }
    return true;
}

static bool read_event_head(json_object *json, struct event *event, struct error *err)
{
    uint64_t pcr, type;

    if (!json_only_members(json, event_members, COUNT_OF(event_members), err) ||
        !json_get_u64(json, "pcr", &pcr, err) || !json_get_u64(json, "type", &type, err))
        return false;
    if (pcr >= PCR_COUNT || (FIRMWARE_RECORDED_EVENTS & 1u << pcr) == 0 || type > UINT32_MAX)
        return error_set(err, COLDSEAL_BAD_IMAGE, "event of PCR %llu and type 0x%llx",
                         (unsigned long long)pcr, (unsigned long long)type);
    event->pcr = (uint32_t)pcr;
    event->type = (uint32_t)type;
    return read_digests(json, event, err);
}

/* Appends the event's data to the log's bytes, of which `used` are taken. */
static bool read_event_data(json_object *json, struct eventlog *log, size_t *used,
                            struct event *event, struct error *err)
{
    const char *text;

    if (!json_get_string(json, "data", &text, err))
        return false;
    OWNED(bytes) data = base64_decode(text, err);
    if (data == NULL)
        return false;
    event->data = log->bytes->data + *used;
    event->data_size = data->size;
    memcpy(log->bytes->data + *used, data->data, data->size);
    *used += data->size;
    return true;
}

/* Room for what the base64 of all events holds at most. */
static size_t data_room(json_object *array)
{
    size_t room = 0;

    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *data;
        if (json_object_object_get_ex(json_object_array_get_idx(array, i), "data", &data) &&
            json_object_is_type(data, json_type_string))
            room += (size_t)json_object_get_string_len(data);
    }
    return room;
}

static struct eventlog *events_from_json(json_object *array, struct error *err)
{
    OWNED(eventlog) log = calloc(1, sizeof(*log));
    size_t count = json_object_array_length(array);
    size_t used = 0;

    if (log == NULL || (log->events = calloc(count + 1, sizeof(*log->events))) == NULL) {
        error_no_memory(err);
        return NULL;
    }
    log->bytes = bytes_new(data_room(array), err);
    if (log->bytes == NULL)
        return NULL;
    for (; log->count < count; log->count++) {
        json_object *json = json_object_array_get_idx(array, log->count);
        struct event *event = &log->events[log->count];
        if (!read_event_head(json, event, err) || !read_event_data(json, log, &used, event, err)) {
            error_wrap(err, "event %zu", log->count);
            return NULL;
        }
    }
    return TAKE(log);
}

static bool read_events(json_object *json, struct firmware *firmware, struct error *err)
{
    json_object *array;

    if (!json_object_object_get_ex(json, "events", NULL))
        return true;
    if (!json_get_array(json, "events", &array, err))
        return false;
    if (json_object_array_length(array) > RECORDED_LIMIT_EVENTS)
        return error_set(err, COLDSEAL_BAD_IMAGE, "more than %zu events", RECORDED_LIMIT_EVENTS);
    eventlog_free(firmware->recorded);
    firmware->recorded = events_from_json(array, err);
    return firmware->recorded != NULL;
}

/* Events that do not give the values are of another boot. */
static bool check_values(const struct firmware *firmware, struct error *err)
{
    const struct pcr_bank_values *values = &firmware->recorded_pcrs;
    struct pcr_bank_values replayed;

    if (firmware->recorded == NULL)
        return true;
    if (!eventlog_replay_banks(firmware->recorded, &replayed, err))
        return false;
    bool same = values->known == (replayed.known & FIRMWARE_RECORDED_PCRS) &&
                values->banks == replayed.banks;
    for (unsigned pcr = 0; same && pcr < PCR_COUNT; pcr++)
        same = (values->known & 1u << pcr) == 0 ||
               digest_set_equal(&values->pcrs[pcr], &replayed.pcrs[pcr]);
    return same || error_set(err, COLDSEAL_BAD_IMAGE, "the PCR values are not those of the events");
}

bool firmware_recorded_from_json(json_object *json, struct firmware *firmware, struct error *err)
{
    json_object *pcrs;

    if (!json_only_members(json, recorded_members, COUNT_OF(recorded_members), err) ||
        !json_get_object(json, "pcrs", &pcrs, err) ||
        !pcr_bank_values_from_json(pcrs, &firmware->recorded_pcrs, err))
        return false;
    if ((firmware->recorded_pcrs.known & ~FIRMWARE_RECORDED_PCRS) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "a PCR that the image decides");
    return read_events(json, firmware, err) && check_values(firmware, err);
}

static json_object *digests_to_json(const struct event *event, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    for (size_t i = 0; json != NULL && i < event->digest_count; i++) {
        const struct event_digest *digest = &event->digests[i];
        char text[2 * DIGEST_MAX_BYTES + 1];
        hex_encode(digest->value, digest_size(digest->algorithm), text);
        if (!json_add(json, digest_name(digest->algorithm), json_object_new_string(text), err))
            return NULL;
    }
    return TAKE(json);
}

static json_object *event_to_json(const struct event *event, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    OWNED_JSON digests = digests_to_json(event, err);
    OWNED_PTR(char) data = base64_encode(event->data, event->data_size, err);

    if (json == NULL || digests == NULL || data == NULL ||
        !json_add(json, "pcr", json_object_new_int64(event->pcr), err) ||
        !json_add(json, "type", json_object_new_int64(event->type), err) ||
        !json_add(json, "digests", TAKE(digests), err) ||
        !json_add(json, "data", json_object_new_string(data), err))
        return NULL;
    return TAKE(json);
}

static json_object *events_to_json(const struct eventlog *log, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; array != NULL && i < log->count; i++) {
        json_object *event = event_to_json(&log->events[i], err);
        if (event == NULL || !json_append(array, event, err))
            return NULL;
    }
    return TAKE(array);
}

json_object *firmware_recorded_to_json(const struct firmware *firmware, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    OWNED_JSON pcrs =
        pcr_bank_values_to_json(&firmware->recorded_pcrs, FIRMWARE_RECORDED_PCRS, err);

    if (json == NULL || pcrs == NULL || !json_add(json, "pcrs", TAKE(pcrs), err))
        return NULL;
    if (firmware->recorded == NULL)
        return TAKE(json);
    json_object *events = events_to_json(firmware->recorded, err);
    return events != NULL && json_add(json, "events", events, err) ? TAKE(json) : NULL;
}
