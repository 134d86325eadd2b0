/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/hex.h"
#include "measure/prediction.h"

static json_object *hex_text(const uint8_t *value, size_t size)
{
    char text[2 * DIGEST_MAX_BYTES + 1];

    hex_encode(value, size, text);
    return json_object_new_string(text);
}

static bool add_digest(json_object *object, const char *key, const struct digest_set *digests,
                       enum digest_algorithm bank, struct error *err)
{
    return json_add(object, key, hex_text(digest_set_value_const(digests, bank), digest_size(bank)),
                    err);
}

static json_object *bank_to_json(const struct prediction *prediction, enum digest_algorithm bank,
                                 struct error *err)
{
    uint32_t mask = prediction->known;
    OWNED_JSON object = json_new_object(err);
    char key[4];

    if (bank != DIGEST_SHA256)
        mask &= ~prediction->recorded;
    for (uint32_t i = 0; object != NULL && i < PCR_COUNT; i++) {
        if ((mask & UINT32_C(1) << i) == 0)
            continue;
        snprintf(key, sizeof(key), "%u", i);
        if (!add_digest(object, key, &prediction->pcrs[i], bank, err))
            return NULL;
    }
    return TAKE(object);
}

static bool add_pcrs(const struct prediction *prediction, json_object *json, struct error *err)
{
    OWNED_JSON pcrs = json_new_object(err);

    for (size_t i = 0; pcrs != NULL && i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        json_object *values = bank_to_json(prediction, bank, err);
        if (values == NULL || !json_add(pcrs, digest_name(bank), values, err))
            return false;
    }
    return pcrs != NULL && json_add(json, "pcrs", TAKE(pcrs), err);
}

static bool add_event_digests(const struct predicted_event *event, json_object *json,
                              struct error *err)
{
    OWNED_JSON digests = json_new_object(err);

    for (size_t i = 0; digests != NULL && i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        if (!add_digest(digests, digest_name(bank), &event->digest, bank, err))
            return false;
    }
    return digests != NULL && json_add(json, "digests", TAKE(digests), err);
}

static json_object *event_to_json(const struct predicted_event *event, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    char room[EVENT_TYPE_TEXT_BYTES];

    if (json == NULL || !json_add(json, "pcr", json_object_new_int((int)event->pcr), err) ||
        !json_add(json, "type", json_object_new_string(event_type_name(event->type, room)), err) ||
        !json_add(json, "source", json_object_new_string(prediction_source_name(event->source)),
                  err) ||
        !json_add(json, "what", json_object_new_string(event->what), err) ||
        !add_event_digests(event, json, err))
        return NULL;
    if (event->guessed && !json_add(json, "guessed", json_object_new_boolean(true), err))
        return NULL;
    return TAKE(json);
}

static bool add_events(const struct prediction *prediction, json_object *json, struct error *err)
{
    OWNED_JSON events = json_new_array(err);

    for (size_t i = 0; events != NULL && i < prediction->count; i++) {
        json_object *event = event_to_json(&prediction->events[i], err);
        if (event == NULL || !json_append(events, event, err))
            return false;
    }
    return events != NULL && json_add(json, "events", TAKE(events), err);
}

static bool add_notes(const struct prediction *prediction, json_object *json, struct error *err)
{
    OWNED_JSON notes = json_new_array(err);

    for (size_t i = 0; notes != NULL && i < prediction->note_count; i++) {
        if (!json_append(notes, json_object_new_string(prediction->notes[i]), err))
            return false;
    }
    return notes != NULL && json_add(json, "notes", TAKE(notes), err);
}

json_object *prediction_to_json(const struct prediction *prediction, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    const char *chain = prediction_chain_name(prediction->chain);

    if (json == NULL || !json_add(json, "chain", json_object_new_string(chain), err) ||
        !json_add(json, "state", json_object_new_string(prediction->name), err) ||
        !add_pcrs(prediction, json, err) || !add_events(prediction, json, err) ||
        !add_notes(prediction, json, err))
        return NULL;
    return TAKE(json);
}
