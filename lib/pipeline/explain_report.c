/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/explain_report.h"

#include <stdio.h>
#include <string.h>

#include "measure/explain_reasons.h"

/* One PCR of the three sides. */
struct pcr_view {
    uint32_t pcr;
    bool is_sealed, as_sealed; /* a sealed value is known; the boot led to it */
    bool is_predicted, as_predicted;
    struct difference difference;        /* of the boot from the prediction */
    const struct explain_reason *reason; /* NULL: nothing to explain, or nothing to explain it by */
};

static const struct explain_reason image_changed = {
    "image-changed",
    "the boot did what this image leads to, which is not what was sealed: the image was changed "
    "after it was sealed, or sealed to the values of another image or firmware; seal it anew",
};

/* What the unlock itself said, where the measurements show nothing. */
static const struct {
    const char *words;
    struct explain_reason reason;
} words_said[] = {
    {"PCR 15 is already extended",
     {"pcr15-extended", "something extended PCR 15 before the unlock: another unlock ran"}},
    {"another TPM",
     {"another-tpm", "the measurements are right, and the TPM is not the one that the image was "
                     "sealed to"}},
    {"coldseal.pin=",
     {"other-volume", "the TPM gave a key, and it is not this volume's: the disk's header is "
                      "another's"}},
    {"not sealed", {"not-sealed", "no TPM has a keyslot in the header: seal the image first"}},
};

static bool differs(const struct pcr_view *view)
{
    return (view->is_sealed && !view->as_sealed) || (view->is_predicted && !view->as_predicted);
}

static bool value_known(const struct pcr_values *values, uint32_t pcr)
{
    return (values->known >> pcr & 1) != 0;
}

static bool same_value(const struct pcr_values *a, const struct pcr_values *b, uint32_t pcr)
{
    return memcmp(a->sha256[pcr], b->sha256[pcr], sizeof(a->sha256[pcr])) == 0;
}

/* Where the firmware's part was not predicted, one thing still shows in the log alone. */
static bool find_secure_boot_off(const struct explanation *sides, struct pcr_view *view)
{
    const struct measured_list *events = sides->record->events;
    struct event_subject subject;

    for (size_t i = 0; i < events->count; i++) {
        const struct measured_event *event = &events->events[i];
        event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
        view->difference.position += event->pcr == view->pcr;
        if (subject.kind != SUBJECT_VARIABLE || strcmp(subject.name, "SecureBoot") != 0)
            continue;
        view->difference.kind = DIFFERENCE_CHANGED;
        view->difference.found = event;
        return subject.value_size > 0 && subject.value[0] == 0;
    }
    return false;
}

static struct pcr_view view_pcr(const struct explanation *sides, uint32_t pcr)
{
    const struct pcr_values *booted = &sides->record->values;
    struct pcr_view view = {.pcr = pcr};

    view.is_sealed = value_known(&sides->sealed, pcr);
    view.as_sealed = view.is_sealed && same_value(&sides->sealed, booted, pcr);
    view.is_predicted = value_known(&sides->predicted, pcr);
    view.as_predicted = view.is_predicted && same_value(&sides->predicted, booted, pcr);
    if (view.is_predicted && !view.as_predicted) {
        view.difference = explain_pcr(sides->expected, sides->record->events, pcr);
        view.reason = explain_reason_find(&view.difference);
    } else if (view.as_predicted && view.is_sealed && !view.as_sealed) {
        view.reason = &image_changed;
    } else if (pcr == 7 && view.is_sealed && !view.as_sealed &&
               find_secure_boot_off(sides, &view)) {
        view.difference.pcr = pcr;
        view.reason = explain_reason_find(&view.difference);
    }
    return view;
}

static const char *why(const struct explanation *sides, const struct pcr_view *view)
{
    if (view->reason != NULL)
        return view->reason->name;
    if (differs(view))
        return sides->no_prediction[0] != '\0'
                   ? sides->no_prediction
                   : "the firmware's: --firmware is needed to say which event it is";
    if (view->as_sealed)
        return view->as_predicted ? "as sealed and as predicted" : "as sealed";
    return view->as_predicted ? "as predicted" : "neither sealed nor predicted";
}

static bool add_row(const struct explanation *sides, const struct pcr_view *view, json_object *rows,
                    struct error *err)
{
    OWNED_JSON row = json_new_object(err);
    const char *result = differs(view)                           ? "differs"
                         : view->is_sealed || view->is_predicted ? "same"
                                                                 : "not compared";

    return row != NULL && json_add(row, "pcr", json_object_new_int((int)view->pcr), err) &&
           json_add(row, "result", json_object_new_string(result), err) &&
           json_add(row, "why", json_object_new_string(why(sides, view)), err) &&
           json_append(rows, TAKE(row), err);
}

/* What an event is, for people: the prediction knows best. */
static void describe_event(const struct measured_event *event, char *text, size_t size)
{
    struct event_subject subject;
    char room[EVENT_TYPE_TEXT_BYTES];

    if (event == NULL) {
        snprintf(text, size, "nothing");
        return;
    }
    event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
    if (event->what != NULL)
        snprintf(text, size, "%s", event->what);
    else
        snprintf(text, size, "%s %s", event_type_name(event->type, room), subject.name);
}

static bool add_event(json_object *item, const char *key, const struct measured_event *event,
                      struct error *err)
{
    char text[EVENT_SUBJECT_NAME_BYTES + EVENT_TYPE_TEXT_BYTES];
    struct error clean = {0};

    describe_event(event, text, sizeof(text));
    error_set(&clean, COLDSEAL_OK, "%s", text);
    return json_add(item, key, json_object_new_string(clean.message), err);
}

static bool add_reason(json_object *item, const struct explain_reason *reason, struct error *err)
{
    return json_add(item, "reason", json_object_new_string(reason->name), err) &&
           json_add(item, "text", json_object_new_string(reason->text), err);
}

static bool add_difference(const struct pcr_view *view, json_object *list, struct error *err)
{
    OWNED_JSON item = json_new_object(err);
    const struct difference *difference = &view->difference;

    if (item == NULL || !json_add(item, "pcr", json_object_new_int((int)view->pcr), err))
        return false;
    if (difference->kind != DIFFERENCE_NONE &&
        (!json_add(item, "event", json_object_new_int((int)difference->position), err) ||
         !json_add(item, "kind", json_object_new_string(difference_kind_name(difference->kind)),
                   err) ||
         (view->is_predicted && !add_event(item, "expected", difference->expected, err)) ||
         !add_event(item, "found", difference->found, err)))
        return false;
    return add_reason(item, view->reason, err) && json_append(list, TAKE(item), err);
}

static const char *conclude(const struct explanation *sides, uint32_t differing)
{
    for (size_t i = 0; differing == 0 && i < sizeof(words_said) / sizeof(words_said[0]); i++) {
        if (strstr(sides->record->said, words_said[i].words) != NULL)
            return words_said[i].reason.text;
    }
    if (differing != 0)
        return "the boot is not the one that was expected: the first event of each PCR that "
               "differs is named above";
    return "the boot is the one that was expected: where the machine did not unlock, its TPM is "
           "another, its PCR 15 was extended before, or the disk's header is another's";
}

bool explain_fill(const struct explanation *sides, json_object *json, uint32_t *differing,
                  struct error *err)
{
    OWNED_JSON rows = json_new_array(err);
    OWNED_JSON list = json_new_array(err);

    *differing = 0;
    if (rows == NULL || list == NULL)
        return false;
    for (uint32_t pcr = 0; pcr < PCR_COUNT; pcr++) {
        if ((sides->mask >> pcr & 1) == 0)
            continue;
        struct pcr_view view = view_pcr(sides, pcr);
        if (differs(&view))
            *differing |= 1u << pcr;
        if (!add_row(sides, &view, rows, err) ||
            (view.reason != NULL && !add_difference(&view, list, err)))
            return false;
    }
    return (sides->sealed_state[0] == '\0' ||
            json_add(json, "sealed_state", json_object_new_string(sides->sealed_state), err)) &&
           json_add(json, "pcrs", TAKE(rows), err) &&
           json_add(json, "differences", TAKE(list), err) &&
           json_add(json, "conclusion", json_object_new_string(conclude(sides, *differing)), err);
}
