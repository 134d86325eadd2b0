/* SPDX-License-Identifier: Apache-2.0 */
/* TCG event logs, SHA-1 and crypto-agile: TCG PC Client Platform Firmware Profile 1.06, clause 10.
 */
#ifndef MEASURE_EVENTLOG_H
#define MEASURE_EVENTLOG_H

#include "core/bytes.h"
#include "core/digest.h"
#include "measure/pcr.h"

#define EVENTLOG_LIMIT_BYTES ((size_t)16 << 20)

struct event_digest {
    enum digest_algorithm algorithm;
    uint8_t value[DIGEST_MAX_BYTES];
};

struct event {
    uint32_t pcr;
    uint32_t type; /* EV_… */
    size_t digest_count;
    struct event_digest digests[5];
    const uint8_t *data; /* into the log's bytes */
    size_t data_size;
};

struct eventlog {
    struct bytes *bytes; /* owned */
    struct event *events;
    size_t count;
};

/* A binary log, or console text with the unlock's digest log between its markers (the last one
 * counts). COLDSEAL_BAD_IMAGE. Takes nothing over. */
struct eventlog *eventlog_parse(const struct bytes *bytes, struct error *err);
void eventlog_free(struct eventlog *log);
DEFINE_OWNED(eventlog);
/* Replays one bank from zero (PCR 17-22 from ones are not of interest; a StartupLocality event sets
 * PCR 0's last byte). PCRs without an event are not in the result. COLDSEAL_BAD_IMAGE when the bank
 * is not in the log. */
bool eventlog_replay(const struct eventlog *log, enum digest_algorithm bank,
                     struct pcr_values *values, struct error *err);

/* The digest log that the unlock prints on a failure: between the two marker lines, base64 in lines
 * of 76 of a zlib stream of a crypto-agile log reduced to SHA-256 digests, with event data cut to
 * DIGESTLOG_DATA_BYTES. */
#define DIGESTLOG_BEGIN "-----BEGIN COLDSEAL BOOT LOG-----"
#define DIGESTLOG_END "-----END COLDSEAL BOOT LOG-----"
#define DIGESTLOG_DATA_BYTES 256
/* The text, markers and newlines included; freed with free(3). */
char *digestlog_encode(const struct eventlog *log, struct error *err);
/* Finds and decodes the last digest log in console text (CR, escape sequences and kernel messages
 * between its lines tolerated) to the bytes of a binary log. */
struct bytes *digestlog_decode(const struct bytes *console, struct error *err);

#endif
