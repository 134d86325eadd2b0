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

static bool pcr_extend(enum digest_algorithm bank, uint8_t *value, const uint8_t *digest,
                       struct error *err)
{
    size_t size = digest_size(bank);
    uint8_t both[2 * DIGEST_MAX_BYTES];

    memcpy(both, value, size);
    memcpy(both + size, digest, size);
    return digest_bytes(bank, both, 2 * size, value, err);
}

static bool replay_event(const struct event *event, size_t number, enum digest_algorithm bank,
                         struct pcr_bank_values *values, struct error *err)
{
    const uint8_t *digest = event_digest_find(event, bank);

    if (is_startup_locality(event) && (values->known & 1u) == 0)
        digest_set_value(&values->pcrs[0], bank)[digest_size(bank) - 1] =
            event->data[sizeof(startup_locality)];
    if (event->type == EV_NO_ACTION)
        return true;
    if (digest == NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "event log: event %zu has no %s digest", number,
                         digest_name(bank));
    values->known |= 1u << event->pcr;
    return pcr_extend(bank, digest_set_value(&values->pcrs[event->pcr], bank), digest, err);
}

static bool replay_bank(const struct eventlog *log, enum digest_algorithm bank,
                        struct pcr_bank_values *values, struct error *err)
{
    values->known = 0;
    for (size_t i = 0; i < log->count; i++) {
        if (!replay_event(&log->events[i], i, bank, values, err))
            return false;
    }
    return true;
}

bool eventlog_replay(const struct eventlog *log, struct pcr_values *values, struct error *err)
{
    struct pcr_bank_values replayed = {0};

    if (!replay_bank(log, DIGEST_SHA256, &replayed, err))
        return false;
    values->known = replayed.known;
    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
        memcpy(values->sha256[pcr], replayed.pcrs[pcr].sha256, sizeof(values->sha256[pcr]));
    return true;
}

static bool has_bank(const struct eventlog *log, enum digest_algorithm bank)
{
    for (size_t i = 0; i < log->count; i++) {
        if (log->events[i].type != EV_NO_ACTION && event_digest_find(&log->events[i], bank) == NULL)
            return false;
    }
    return true;
}

bool eventlog_replay_banks(const struct eventlog *log, struct pcr_bank_values *values,
                           struct error *err)
{
    struct pcr_bank_values replayed = {0};

    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        if (!has_bank(log, bank))
            continue;
        if (!replay_bank(log, bank, &replayed, err))
            return false;
        replayed.banks |= 1u << i;
    }
    if (replayed.banks == 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "event log: no bank has a digest of every event");
    *values = replayed;
    return true;
}
