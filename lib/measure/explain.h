/* SPDX-License-Identifier: Apache-2.0 */
/* Why a boot did not lead to the values that were expected: the first event of each PCR that
 * differs. Pure. */
#ifndef MEASURE_EXPLAIN_H
#define MEASURE_EXPLAIN_H

#include "measure/event_subject.h"
#include "measure/prediction.h"

struct eventlog;

/* One event of either side. Everything is borrowed. */
struct measured_event {
    uint32_t pcr;
    uint32_t type;
    const uint8_t *sha256;
    const uint8_t *data;
    size_t data_size;
    const char *what; /* of a prediction; NULL in a log */
};

struct measured_list {
    size_t count;
    struct measured_event events[];
};
static inline void measured_list_free(struct measured_list *list)
{
    free(list);
}
DEFINE_OWNED(measured_list);

struct measured_list *measured_from_prediction(const struct prediction *prediction,
                                               struct error *err);
/* Without what is in no PCR (EV_NO_ACTION). COLDSEAL_BAD_IMAGE for an event without SHA-256. */
struct measured_list *measured_from_log(const struct eventlog *log, struct error *err);

enum difference_kind {
    DIFFERENCE_NONE,
    DIFFERENCE_CHANGED, /* another digest where an event was expected */
    DIFFERENCE_EXTRA,   /* an event before the expected one, which comes later */
    DIFFERENCE_MISSING, /* the expected event does not come; what follows it does */
    DIFFERENCE_ENDED,   /* the log has no more events for this PCR */
    DIFFERENCE_GOES_ON, /* all that was expected came, and then another event */
};

/* "changed", "extra", … */
const char *difference_kind_name(enum difference_kind kind);

struct difference {
    enum difference_kind kind;
    uint32_t pcr;
    unsigned position;                     /* of the event among those of its PCR, from 1 */
    const struct measured_event *expected; /* NULL for DIFFERENCE_GOES_ON */
    const struct measured_event *found;    /* NULL for DIFFERENCE_ENDED */
    bool again; /* `found` repeats an event that came before in this PCR */
};

/* The first difference in one PCR. */
struct difference explain_pcr(const struct measured_list *expected,
                              const struct measured_list *found, uint32_t pcr);

#endif
