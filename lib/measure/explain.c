/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/explain.h"

#include <string.h>

#include "measure/eventlog.h"

/* How far one side is searched for the event of the other. */
#define LOOK_AHEAD 64

const char *difference_kind_name(enum difference_kind kind)
{
    static const char *const names[] = {
        [DIFFERENCE_NONE] = "none",   [DIFFERENCE_CHANGED] = "changed",
        [DIFFERENCE_EXTRA] = "extra", [DIFFERENCE_MISSING] = "missing",
        [DIFFERENCE_ENDED] = "ended", [DIFFERENCE_GOES_ON] = "goes on",
    };

    return names[kind];
}

static struct measured_list *list_new(size_t count, struct error *err)
{
    struct measured_list *list = calloc(1, sizeof(*list) + count * sizeof(list->events[0]));

    if (list == NULL)
        error_no_memory(err);
    return list;
}

struct measured_list *measured_from_prediction(const struct prediction *prediction,
                                               struct error *err)
{
    struct measured_list *list = list_new(prediction->count, err);

    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < prediction->count; i++) {
        const struct predicted_event *event = &prediction->events[i];
        list->events[list->count++] = (struct measured_event){
            .pcr = event->pcr,
            .type = event->type,
            .sha256 = event->digest.sha256,
            .data = event->data->data,
            .data_size = event->data->size,
            .what = event->what,
        };
    }
    return list;
}

struct measured_list *measured_from_log(const struct eventlog *log, struct error *err)
{
    OWNED(measured_list) list = list_new(log->count, err);

    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        const uint8_t *sha256 = event_digest_find(event, DIGEST_SHA256);
        if (event->type == EV_NO_ACTION)
            continue;
        if (sha256 == NULL) {
            error_set(err, COLDSEAL_BAD_IMAGE, "event log: event %zu has no SHA-256 digest", i);
            return NULL;
        }
        list->events[list->count++] = (struct measured_event){
            .pcr = event->pcr,
            .type = event->type,
            .sha256 = sha256,
            .data = event->data,
            .data_size = event->data_size,
        };
    }
    return TAKE(list);
}

/* Walks the events of one PCR. */
struct pcr_walk {
    const struct measured_list *list;
    uint32_t pcr;
    size_t next;
};

/* NULL at the end. */
static const struct measured_event *walk_next(struct pcr_walk *walk)
{
    while (walk->next < walk->list->count) {
        const struct measured_event *event = &walk->list->events[walk->next++];
        if (event->pcr == walk->pcr)
            return event;
    }
    return NULL;
}

static bool same_digest(const struct measured_event *a, const struct measured_event *b)
{
    return memcmp(a->sha256, b->sha256, 32) == 0;
}

/* Does `event` come in what is left of `walk`? How many come before it? */
static bool comes_later(struct pcr_walk walk, const struct measured_event *event, unsigned *before)
{
    for (*before = 0; *before < LOOK_AHEAD; (*before)++) {
        const struct measured_event *other = walk_next(&walk);
        if (other == NULL)
            return false;
        if (same_digest(other, event))
            return true;
    }
    return false;
}

static bool came_before(const struct measured_list *list, const struct measured_event *event)
{
    for (const struct measured_event *e = list->events; e < event; e++) {
        if (e->pcr == event->pcr && same_digest(e, event))
            return true;
    }
    return false;
}

/* Both sides have an event here, and they differ: the shorter way back together says which side
 * has one too many. */
static enum difference_kind kind_of(const struct pcr_walk *expected_rest,
                                    const struct measured_event *expected,
                                    const struct pcr_walk *found_rest,
                                    const struct measured_event *found)
{
    unsigned extra, missing;
    bool is_extra = comes_later(*found_rest, expected, &extra);
    bool is_missing = comes_later(*expected_rest, found, &missing);

    if (is_extra && (!is_missing || extra <= missing))
        return DIFFERENCE_EXTRA;
    return is_missing ? DIFFERENCE_MISSING : DIFFERENCE_CHANGED;
}

struct difference explain_pcr(const struct measured_list *expected,
                              const struct measured_list *found, uint32_t pcr)
{
    struct pcr_walk left = {expected, pcr, 0};
    struct pcr_walk right = {found, pcr, 0};
    struct difference difference = {.pcr = pcr};

    for (;;) {
        difference.position++;
        difference.expected = walk_next(&left);
        difference.found = walk_next(&right);
        if (difference.expected == NULL && difference.found == NULL)
            return difference;
        if (difference.expected == NULL || difference.found == NULL ||
            !same_digest(difference.expected, difference.found))
            break;
    }
    if (difference.found == NULL)
        difference.kind = DIFFERENCE_ENDED;
    else if (difference.expected == NULL)
        difference.kind = DIFFERENCE_GOES_ON;
    else
        difference.kind = kind_of(&left, difference.expected, &right, difference.found);
    difference.again = difference.found != NULL && came_before(found, difference.found);
    return difference;
}
