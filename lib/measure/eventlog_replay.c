/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "measure/eventlog.h"

/* TCG PC Client Platform Firmware Profile 1.06, 10.4.5.3: 16 bytes with the NUL, and a locality. */
static const char startup_locality[16] = "StartupLocality";

static bool is_startup_locality(const struct event *event)
{
    return event->type == EV_NO_ACTION && event->pcr == 0 &&
           event->data_size == sizeof(startup_locality) + 1 &&
           memcmp(event->data, startup_locality, sizeof(startup_locality)) == 0;
}

static bool pcr_extend(uint8_t value[32], const uint8_t digest[32], struct error *err)
{
    uint8_t both[64];

    memcpy(both, value, 32);
    memcpy(both + 32, digest, 32);
    return digest_bytes(DIGEST_SHA256, both, sizeof(both), value, err);
}

static bool replay_event(const struct event *event, size_t number, struct pcr_values *values,
                         struct error *err)
{
    const uint8_t *digest = event_digest_find(event, DIGEST_SHA256);

    if (is_startup_locality(event) && (values->known & 1u) == 0)
        values->sha256[0][31] = event->data[sizeof(startup_locality)];
    if (event->type == EV_NO_ACTION)
        return true;
    if (digest == NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "event log: event %zu has no SHA-256 digest",
                         number);
    values->known |= 1u << event->pcr;
    return pcr_extend(values->sha256[event->pcr], digest, err);
}

bool eventlog_replay(const struct eventlog *log, struct pcr_values *values, struct error *err)
{
    struct pcr_values replayed = {0};

    for (size_t i = 0; i < log->count; i++) {
        if (!replay_event(&log->events[i], i, &replayed, err))
            return false;
    }
    *values = replayed;
    return true;
}
