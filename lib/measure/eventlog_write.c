/* SPDX-License-Identifier: Apache-2.0 */
/* A predicted boot as a TCG crypto-agile log: TCG PC Client Platform Firmware Profile 1.06,
 * clauses 10.2.1 (the first event), 10.2.2 and 10.4.5.1. */
#include "core/writer.h"
#include "measure/eventlog.h"
#include "measure/prediction.h"

#define SPEC_ID_SIGNATURE "Spec ID Event03"
#define SHA1_BYTES 20
/* Signature, class, versions and size of a number, banks, and no vendor's bytes. */
#define SPEC_ID_BYTES (sizeof(SPEC_ID_SIGNATURE) + 12 + 4 * DIGEST_SET_BANKS + 1)
#define HEADER_BYTES (12 + SHA1_BYTES + SPEC_ID_BYTES)
#define UINTN_DWORDS 2 /* of a 64-bit firmware */

static size_t event_bytes(const struct predicted_event *event)
{
    size_t size = 16 + event->data->size;

    for (size_t i = 0; i < DIGEST_SET_BANKS; i++)
        size += 2 + digest_size(digest_set_algorithm(i));
    return size;
}

static void write_spec_id(struct writer *w)
{
    write_u32le(w, 0);
    write_u32le(w, EV_NO_ACTION);
    write_zeros(w, SHA1_BYTES);
    write_u32le(w, SPEC_ID_BYTES);
    write_bytes(w, SPEC_ID_SIGNATURE, sizeof(SPEC_ID_SIGNATURE));
    write_u32le(w, 0); /* a client's platform */
    write_u8(w, 0);    /* specification 2.0, erratum 0 */
    write_u8(w, 2);
    write_u8(w, 0);
    write_u8(w, UINTN_DWORDS);
    write_u32le(w, DIGEST_SET_BANKS);
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        write_u16le(w, (uint16_t)digest_set_algorithm(i));
        write_u16le(w, (uint16_t)digest_size(digest_set_algorithm(i)));
    }
    write_u8(w, 0);
}

static void write_event(struct writer *w, const struct predicted_event *event)
{
    write_u32le(w, event->pcr);
    write_u32le(w, event->type);
    write_u32le(w, DIGEST_SET_BANKS);
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        write_u16le(w, (uint16_t)bank);
        write_bytes(w, digest_set_value_const(&event->digest, bank), digest_size(bank));
    }
    write_u32le(w, (uint32_t)event->data->size);
    write_bytes(w, event->data->data, event->data->size);
}

struct bytes *eventlog_write(const struct prediction *prediction, struct error *err)
{
    size_t size = HEADER_BYTES;

    for (size_t i = 0; i < prediction->count; i++) {
        size += event_bytes(&prediction->events[i]);
        if (size > EVENTLOG_LIMIT_BYTES) {
            error_set(err, COLDSEAL_UNSUPPORTED, "an event log of more than %zu bytes",
                      EVENTLOG_LIMIT_BYTES);
            return NULL;
        }
    }
    OWNED(bytes) log = bytes_new(size, err);
    if (log == NULL)
        return NULL;
    struct writer w = writer_over(log->data, log->size);
    write_spec_id(&w);
    for (size_t i = 0; i < prediction->count; i++)
        write_event(&w, &prediction->events[i]);
    if (w.failed || w.position != size) {
        error_set(err, COLDSEAL_BUG, "an event log of another size than computed");
        return NULL;
    }
    return TAKE(log);
}
