/* SPDX-License-Identifier: Apache-2.0 */
/* TCG event logs, SHA-1 and crypto-agile: TCG PC Client Platform Firmware Profile 1.06, clause 10.
 */
#ifndef MEASURE_EVENTLOG_H
#define MEASURE_EVENTLOG_H

#include "core/bytes.h"
#include "core/digest.h"
#include "measure/event_types.h"
#include "measure/pcr.h"

#define EVENTLOG_LIMIT_BYTES ((size_t)16 << 20)
#define EVENTLOG_LIMIT_EVENTS ((size_t)65536)
/* The most of a console's text that is looked through. */
#define EVENTLOG_CONSOLE_LIMIT_BYTES ((size_t)64 << 20)

/* Banks that a log may have; algorithms that core/digest.h does not know are skipped. */
#define EVENT_DIGESTS 4

struct event_digest {
    enum digest_algorithm algorithm;
    uint8_t value[DIGEST_MAX_BYTES];
};

struct event {
    uint32_t pcr;  /* below PCR_COUNT, but anything for EV_NO_ACTION */
    uint32_t type; /* EV_… */
    size_t digest_count;
    struct event_digest digests[EVENT_DIGESTS];
    const uint8_t *data; /* into the log's bytes */
    size_t data_size;
};

struct eventlog {
    struct bytes *bytes; /* owned */
    struct event *events;
    size_t count;
};

/* A binary log, or console text with the unlock's digest log between its markers (the last one
 * counts). Zeros or ones behind the last event are the rest of the firmware's area and left out.
 * COLDSEAL_BAD_IMAGE. Takes nothing over. */
struct eventlog *eventlog_parse(const struct bytes *bytes, struct error *err);
void eventlog_free(struct eventlog *log);
DEFINE_OWNED(eventlog);
/* The event's digest in one bank, or NULL. */
const uint8_t *event_digest_find(const struct event *event, enum digest_algorithm bank);
/* Replays the SHA-256 bank from zero (PCR 17-22 from ones are not of interest; a StartupLocality
 * event sets PCR 0's last byte). PCRs without an event are not in the result. COLDSEAL_BAD_IMAGE
 * when an event has no SHA-256 digest. */
bool eventlog_replay(const struct eventlog *log, struct pcr_values *values, struct error *err);
/* The same for each bank of which every event has a digest; without one, COLDSEAL_BAD_IMAGE. */
bool eventlog_replay_banks(const struct eventlog *log, struct pcr_bank_values *values,
                           struct error *err);

/* The digest log that the unlock prints on a failure: between the two marker lines, base64 of a
 * zlib stream of a crypto-agile log reduced to SHA-256 digests, with event data cut to
 * DIGESTLOG_DATA_BYTES. Zero bytes behind the stream fill the last line, so that each line has
 * exactly DIGESTLOG_LINE_CHARACTERS and can be told from what others write to the console; the
 * stream's own end and checksum tell a damaged log. */
#define DIGESTLOG_BEGIN "-----BEGIN COLDSEAL BOOT LOG-----"
#define DIGESTLOG_END "-----END COLDSEAL BOOT LOG-----"
#define DIGESTLOG_DATA_BYTES 256
#define DIGESTLOG_LINE_CHARACTERS 76
/* The text, markers and newlines included; freed with free(3). COLDSEAL_BAD_IMAGE for a log without
 * a SHA-256 bank. */
char *digestlog_encode(const struct eventlog *log, struct error *err);
/* Finds and decodes the last complete digest log in console text (CR, escape sequences and kernel
 * messages between its lines tolerated) to the bytes of a binary log. COLDSEAL_BAD_IMAGE when there
 * is none or it is damaged. */
struct bytes *digestlog_decode(const struct bytes *console, struct error *err);

#endif
