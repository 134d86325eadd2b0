/* SPDX-License-Identifier: Apache-2.0 */
/* What a boot will measure: events in their order, each with the bytes behind its digest, and the
 * PCRs that they lead to. */
#ifndef MEASURE_PREDICTION_H
#define MEASURE_PREDICTION_H

#include "core/bytes.h"
#include "core/digest_set.h"
#include "measure/event_types.h"
#include "measure/pcr.h"

#define PREDICTION_EVENT_LIMIT ((size_t)16384)
#define PREDICTION_STATE_LIMIT ((size_t)8)

enum prediction_chain { PREDICTION_SHIM_GRUB, PREDICTION_SHIM_UKI, PREDICTION_UKI };
/* "shim-grub", "shim-uki", "uki". */
const char *prediction_chain_name(enum prediction_chain chain);
/* PCRs that protect an image of that chain, and the ones whose value is predicted for it. */
uint32_t prediction_chain_default_pcrs(enum prediction_chain chain);
uint32_t prediction_chain_known_pcrs(enum prediction_chain chain);

/* What decides the event. */
enum prediction_source {
    SOURCE_FIRMWARE,    /* the firmware's build and habits */
    SOURCE_VARIABLE,    /* an EFI variable of the target */
    SOURCE_CERTIFICATE, /* the entry of a list that accepts a program */
    SOURCE_PROGRAM,     /* an EFI program: Authenticode digest or a part of it */
    SOURCE_FILE,        /* a file, whole */
    SOURCE_COMMAND,     /* a text in a file: GRUB command, kernel command line */
};
/* "firmware", "variable", … */
const char *prediction_source_name(enum prediction_source source);

struct predicted_event {
    uint32_t pcr;
    uint32_t type; /* EV_… */
    struct digest_set digest;
    struct bytes *data; /* as an event log would hold it; never NULL */
    char *what;         /* for people: "partition 15: /EFI/ubuntu/grub.cfg", "variable db" */
    enum prediction_source source;
    bool guessed; /* rests on something that is marked as guessed */
};

struct prediction {
    enum prediction_chain chain;
    char *name; /* of this state; "" where there is only one */
    size_t count;
    struct predicted_event *events; /* in the order in which they are measured */
    uint32_t known;                 /* bit N: pcrs[N] is predicted */
    uint32_t recorded; /* bit N, of `known`: taken over from the target's log, SHA-256 bank only */
    struct digest_set pcrs[PCR_COUNT];
    size_t note_count;
    char **notes; /* what is volatile or guessed, a line each */
};

/* What one image may measure on one target, where that is not decided by what is known of them. */
struct predictions {
    size_t count;
    struct prediction *items[PREDICTION_STATE_LIMIT];
};

struct prediction *prediction_new(enum prediction_chain chain, const char *name, struct error *err);
void prediction_free(struct prediction *prediction);
DEFINE_OWNED(prediction);
void predictions_drop(struct predictions *predictions);
#define OWNED_PREDICTIONS __attribute__((cleanup(predictions_drop))) struct predictions

/* An event to be added, apart from its digest. Everything is borrowed. */
struct measurement {
    uint32_t pcr;
    uint32_t type;
    enum prediction_source source;
    const char *what;
    bool guessed;
    const void *data; /* for the log */
    size_t data_size;
};
/* The digest is that of `bytes`, which the log may show otherwise (`measurement->data`). */
bool prediction_measure_bytes(struct prediction *prediction, const struct measurement *measurement,
                              const void *bytes, size_t size, struct error *err);
/* The digest is given: a file's, an Authenticode digest. */
bool prediction_measure_digest(struct prediction *prediction, const struct measurement *measurement,
                               const struct digest_set *digest, struct error *err);
/* A line for people about what may come otherwise. */
bool prediction_note(struct prediction *prediction, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Extends all events into PCRs that begin as zeros: sets `pcrs`, and `known` for those of
 * prediction_chain_known_pcrs(), which stay zero where nothing is measured. What was recorded
 * stays. */
bool prediction_replay(struct prediction *prediction, struct error *err);
/* A PCR that the image does not decide, as the target's log has it. */
void prediction_take_recorded(struct prediction *prediction, uint32_t pcr,
                              const uint8_t sha256[32]);
/* The SHA-256 bank of what is known. */
void prediction_pcr_values(const struct prediction *prediction, struct pcr_values *values);
/* { "chain", "state", "pcrs": { "sha1": { "4": hex, … }, "sha256": …, "sha384": … },
 *   "events": [ { "pcr", "type", "source", "what", "digests": { … }, "guessed" } ], "notes": [] }
 */
json_object *prediction_to_json(const struct prediction *prediction, struct error *err);

/* A TCG crypto-agile event log with all three banks. */
struct bytes *eventlog_write(const struct prediction *prediction, struct error *err);

#endif
