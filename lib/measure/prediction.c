/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/prediction.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOTE_LIMIT 1024
#define NOTE_BYTES 1024

#define PCR_BIT(n) (UINT32_C(1) << (n))

struct chain_facts {
    const char *name;
    uint32_t default_pcrs;
    uint32_t known_pcrs;
};

/* GRUB measures into 8 and 9, shim into 14, systemd-stub into 11, 12 and 13 (systemd,
 * src/fundamental/tpm2-pcr.h); 15 is ours to extend, after the unlock. */
static const struct chain_facts chains[] = {
    [PREDICTION_SHIM_GRUB] = {"shim-grub",
                              PCR_BIT(4) | PCR_BIT(7) | PCR_BIT(8) | PCR_BIT(9) | PCR_BIT(14) |
                                  PCR_BIT(15),
                              PCR_BIT(4) | PCR_BIT(7) | PCR_BIT(8) | PCR_BIT(9) | PCR_BIT(11) |
                                  PCR_BIT(12) | PCR_BIT(13) | PCR_BIT(14) | PCR_BIT(15)},
    [PREDICTION_SHIM_UKI] = {"shim-uki",
                             PCR_BIT(4) | PCR_BIT(7) | PCR_BIT(11) | PCR_BIT(12) | PCR_BIT(14) |
                                 PCR_BIT(15),
                             PCR_BIT(4) | PCR_BIT(7) | PCR_BIT(9) | PCR_BIT(11) | PCR_BIT(12) |
                                 PCR_BIT(13) | PCR_BIT(14) | PCR_BIT(15)},
    [PREDICTION_UKI] = {"uki",
                        PCR_BIT(4) | PCR_BIT(7) | PCR_BIT(11) | PCR_BIT(12) | PCR_BIT(14) |
                            PCR_BIT(15),
                        PCR_BIT(4) | PCR_BIT(7) | PCR_BIT(9) | PCR_BIT(11) | PCR_BIT(12) |
                            PCR_BIT(13) | PCR_BIT(14) | PCR_BIT(15)},
};

static const char *const source_names[] = {
    [SOURCE_FIRMWARE] = "firmware",
    [SOURCE_VARIABLE] = "variable",
    [SOURCE_CERTIFICATE] = "certificate",
    [SOURCE_PROGRAM] = "program",
    [SOURCE_FILE] = "file",
    [SOURCE_COMMAND] = "command",
};

const char *prediction_chain_name(enum prediction_chain chain)
{
    return chains[chain].name;
}

uint32_t prediction_chain_default_pcrs(enum prediction_chain chain)
{
    return chains[chain].default_pcrs;
}

uint32_t prediction_chain_known_pcrs(enum prediction_chain chain)
{
    return chains[chain].known_pcrs;
}

const char *prediction_source_name(enum prediction_source source)
{
    return source_names[source];
}

struct prediction *prediction_new(enum prediction_chain chain, const char *name, struct error *err)
{
    OWNED(prediction) prediction = calloc(1, sizeof(*prediction));

    if (prediction == NULL) {
        error_no_memory(err);
        return NULL;
    }
    prediction->chain = chain;
    prediction->name = strdup(name);
    if (prediction->name == NULL) {
        error_no_memory(err);
        return NULL;
    }
    return TAKE(prediction);
}

static void event_drop(struct predicted_event *event)
{
    bytes_free(event->data);
    free(event->what);
}

void prediction_free(struct prediction *prediction)
{
    if (prediction == NULL)
        return;
    for (size_t i = 0; i < prediction->count; i++)
        event_drop(&prediction->events[i]);
    for (size_t i = 0; i < prediction->note_count; i++)
        free(prediction->notes[i]);
    free(prediction->events);
    free(prediction->notes);
    free(prediction->name);
    free(prediction);
}

void predictions_drop(struct predictions *predictions)
{
    for (size_t i = 0; i < predictions->count; i++)
        prediction_free(predictions->items[i]);
    predictions->count = 0;
}

bool prediction_measure_digest(struct prediction *prediction, const struct measurement *measurement,
                               const struct digest_set *digest, struct error *err)
{
    struct predicted_event event = {
        .pcr = measurement->pcr,
        .type = measurement->type,
        .digest = *digest,
        .source = measurement->source,
        .guessed = measurement->guessed,
    };

    if (prediction->count == PREDICTION_EVENT_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "a boot of more than %zu events",
                         PREDICTION_EVENT_LIMIT);
    struct predicted_event *events =
        reallocarray(prediction->events, prediction->count + 1, sizeof(*events));
    if (events == NULL)
        return error_no_memory(err);
    prediction->events = events;
    event.data = bytes_copy(measurement->data, measurement->data_size, err);
    if (event.data == NULL)
        return false;
    event.what = strdup(measurement->what);
    if (event.what == NULL) {
        event_drop(&event);
        return error_no_memory(err);
    }
    events[prediction->count++] = event;
    return true;
}

bool prediction_measure_bytes(struct prediction *prediction, const struct measurement *measurement,
                              const void *bytes, size_t size, struct error *err)
{
    struct digest_set digest;

    return digest_set_bytes(bytes, size, &digest, err) &&
           prediction_measure_digest(prediction, measurement, &digest, err);
}

static bool note_add(struct prediction *prediction, const char *text, struct error *err)
{
    if (prediction->note_count == NOTE_LIMIT)
        return true;
    char **notes = reallocarray(prediction->notes, prediction->note_count + 1, sizeof(*notes));
    if (notes == NULL)
        return error_no_memory(err);
    prediction->notes = notes;
    notes[prediction->note_count] = strdup(text);
    if (notes[prediction->note_count] == NULL)
        return error_no_memory(err);
    prediction->note_count++;
    return true;
}

bool prediction_note(struct prediction *prediction, struct error *err, const char *format, ...)
{
    char text[NOTE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return note_add(prediction, text, err);
}

bool prediction_replay(struct prediction *prediction, struct error *err)
{
    uint32_t known = prediction_chain_known_pcrs(prediction->chain);

    for (uint32_t i = 0; i < PCR_COUNT; i++) {
        if ((known & PCR_BIT(i)) != 0)
            prediction->pcrs[i] = (struct digest_set){0};
    }
    for (size_t i = 0; i < prediction->count; i++) {
        const struct predicted_event *event = &prediction->events[i];
        if ((known & PCR_BIT(event->pcr)) == 0)
            return error_set(err, COLDSEAL_BUG, "an event for PCR %u, which is not predicted",
                             event->pcr);
        if (!digest_set_extend(&prediction->pcrs[event->pcr], &event->digest, err))
            return false;
    }
    prediction->known |= known;
    prediction->recorded &= ~known;
    return true;
}

void prediction_take_recorded(struct prediction *prediction, uint32_t pcr, const uint8_t sha256[32])
{
    prediction->known |= PCR_BIT(pcr);
    prediction->recorded |= PCR_BIT(pcr);
    memcpy(prediction->pcrs[pcr].sha256, sha256, 32);
}

void prediction_pcr_values(const struct prediction *prediction, struct pcr_values *values)
{
    *values = (struct pcr_values){.known = prediction->known};
    for (uint32_t i = 0; i < PCR_COUNT; i++) {
        if ((values->known & PCR_BIT(i)) != 0)
            memcpy(values->sha256[i], prediction->pcrs[i].sha256, 32);
    }
}
