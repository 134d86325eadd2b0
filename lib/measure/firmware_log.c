/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware state from a boot's event log. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/reader.h"
#include "measure/efi_variables.h"
#include "measure/event_types.h"
#include "measure/firmware_import.h"

#define PCR_OF_BOOT_MANAGER 4
#define PCR_OF_SECURE_BOOT 7
#define PCR_OF_MOK 14
/* TCG PC Client Platform Firmware Profile 1.06, 10.4.4: without a NUL. */
static const char calling[] = "Calling EFI Application from Boot Option";
static const char returning[] = "Returning from EFI Application from Boot Option";

static bool note(json_object *notes, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool note(json_object *notes, struct error *err, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return json_append(notes, json_object_new_string(text), err);
}

static bool text_is(const struct event *event, const char *text, size_t size)
{
    return event->data_size >= size - 1 && memcmp(event->data, text, size - 1) == 0;
}

/* The digests of an event are those of `size` bytes at `data`, in every bank that it has. */
static bool digests_are_of(const struct event *event, const void *data, size_t size, bool *same,
                           struct error *err)
{
    uint8_t digest[DIGEST_MAX_BYTES];

    *same = true;
    for (size_t i = 0; i < event->digest_count && *same; i++) {
        enum digest_algorithm bank = event->digests[i].algorithm;
        if (!digest_bytes(bank, data, size, digest, err))
            return false;
        *same = memcmp(digest, event->digests[i].value, digest_size(bank)) == 0;
    }
    return true;
}

/* TCG PC Client Platform Firmware Profile 1.06, 10.4.2.1: UEFI_VARIABLE_DATA */
struct variable_data {
    struct guid guid;
    char name[EFI_VARIABLE_NAME_BYTES]; /* empty for one that is not looked for */
    const uint8_t *data;
    size_t size;
};

static bool read_variable_data(const struct event *event, struct variable_data *variable)
{
    struct reader r = reader_over(event->data, event->data_size);
    uint64_t characters, size;
    const uint8_t *name;

    *variable = (struct variable_data){0};
    if (!read_bytes(&r, variable->guid.bytes, sizeof(variable->guid.bytes)) ||
        !read_u64le(&r, &characters) || !read_u64le(&r, &size) || characters > reader_left(&r) ||
        !read_view(&r, &name, 2 * (size_t)characters) || size != reader_left(&r) ||
        !read_view(&r, &variable->data, (size_t)size))
        return false;
    variable->size = (size_t)size;
    if (!efi_variable_name(name, 2 * (size_t)characters, variable->name))
        variable->name[0] = '\0';
    return true;
}

static bool set_from_log(struct firmware *firmware, enum firmware_variable_id id, const void *data,
                         size_t size, struct error *err)
{
    if (size > 0)
        return firmware_set_variable(firmware, id, firmware_variable_attributes(id), data, size,
                                     false, err);
    firmware_set_absent(firmware, id, false);
    return true;
}

static bool take_variable_event(struct firmware *firmware, const struct event *event, size_t number,
                                json_object *notes, struct error *err)
{
    struct variable_data variable;
    enum firmware_variable_id id;
    bool same;

    if (!read_variable_data(event, &variable) ||
        !digests_are_of(event, event->data, event->data_size, &same, err) || !same)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "event log: event %zu, a variable, is not what its digest says", number);
    if (!firmware_variable_find(variable.name, &variable.guid, &id))
        return note(notes, err, "the firmware measures another variable into PCR 7: %s",
                    variable.name[0] != '\0' ? variable.name : "one without a plain name");
    return set_from_log(firmware, id, variable.data, variable.size, err);
}

/* shim, sbat.c: the variable as it is after shim has brought it up to date */
static bool take_authority_event(struct firmware *firmware, const struct event *event,
                                 struct error *err)
{
    struct variable_data variable;
    enum firmware_variable_id id;

    if (!read_variable_data(event, &variable) ||
        !firmware_variable_find(variable.name, &variable.guid, &id) || id != FIRMWARE_SBAT_LEVEL)
        return true;
    return set_from_log(firmware, id, variable.data, variable.size, err);
}

/* shim logs these with their names alone; their only byte is found by its digest. */
static bool take_shim_state(struct firmware *firmware, const struct event *event, struct error *err)
{
    static const enum firmware_variable_id states[] = {FIRMWARE_MOK_SB_STATE, FIRMWARE_MOK_POLICY};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const char *name = firmware_variable_name(states[i]);
        if (event->data_size != strlen(name) + 1 ||
            memcmp(event->data, name, strlen(name) + 1) != 0)
            continue;
        firmware->variables[states[i]] = (struct firmware_variable){0};
        for (unsigned value = 0; value <= UINT8_MAX; value++) {
            uint8_t byte = (uint8_t)value;
            bool same;
            if (!digests_are_of(event, &byte, 1, &same, err))
                return false;
            if (same)
                return set_from_log(firmware, states[i], &byte, 1, err);
        }
    }
    return true;
}

/* A shim has measured: what it did not is not there. */
static void begin_shim_states(struct firmware *firmware)
{
    firmware_set_absent(firmware, FIRMWARE_MOK_SB_STATE, false);
    firmware_set_absent(firmware, FIRMWARE_MOK_POLICY, false);
}

static bool take_events(struct firmware *firmware, const struct eventlog *log, json_object *notes,
                        struct error *err)
{
    bool shim = false;

    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        if (event->pcr == PCR_OF_SECURE_BOOT && event->type == EV_EFI_VARIABLE_DRIVER_CONFIG &&
            !take_variable_event(firmware, event, i, notes, err))
            return false;
        if (event->pcr == PCR_OF_SECURE_BOOT && event->type == EV_EFI_VARIABLE_AUTHORITY &&
            !take_authority_event(firmware, event, err))
            return false;
        if (event->pcr != PCR_OF_MOK || event->type != EV_IPL)
            continue;
        if (!shim)
            begin_shim_states(firmware);
        shim = true;
        if (!take_shim_state(firmware, event, err))
            return false;
    }
    return true;
}

/* dbt and dbr are measured where they are there. */
static void settle_optional(struct firmware *firmware)
{
    for (size_t id = FIRMWARE_DBT; id <= FIRMWARE_DBR; id++) {
        if (!firmware->variables[id].known)
            firmware_set_absent(firmware, (enum firmware_variable_id)id, false);
    }
}

/* The action as it is predicted: the text, and no NUL in its digest. */
static bool is_calling(const struct event *event, bool *is, struct error *err)
{
    *is = event->type == EV_EFI_ACTION && text_is(event, calling, sizeof(calling));
    return !*is || digests_are_of(event, calling, sizeof(calling) - 1, is, err);
}

static bool is_returning(const struct event *event)
{
    return event->type == EV_EFI_ACTION && text_is(event, returning, sizeof(returning));
}

/* What comes before the first program says whether the firmware tells of boot options. */
static bool take_boot_habits(struct firmware *firmware, const struct eventlog *log,
                             json_object *notes, struct error *err)
{
    bool action = false, program = false, is;
    size_t returned = 0;

    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        if (event->pcr != PCR_OF_BOOT_MANAGER)
            continue;
        if (!is_calling(event, &is, err))
            return false;
        program = program || event->type == EV_EFI_BOOT_SERVICES_APPLICATION;
        action = action || (is && !program);
        returned += is_returning(event) ? 1 : 0;
    }
    if (program) {
        firmware->boot_option_action = action;
        firmware->boot_option_action_guessed = false;
    }
    return returned == 0 ||
           note(notes, err,
                "%zu boot options failed in the recorded boot: one without such failures has "
                "other values in PCR 4",
                returned);
}

static bool is_recorded(const struct event *event)
{
    static const char locality[] = "StartupLocality";

    if (event->pcr >= PCR_COUNT || (FIRMWARE_RECORDED_EVENTS & 1u << event->pcr) == 0)
        return false;
    return event->type != EV_NO_ACTION || text_is(event, locality, sizeof(locality));
}

static bool take_recorded(struct firmware *firmware, struct eventlog *log, struct error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < log->count; i++) {
        if (is_recorded(&log->events[i]))
            log->events[kept++] = log->events[i];
    }
    log->count = kept;
    firmware->recorded = log;
    if (!eventlog_replay_banks(log, &firmware->recorded_pcrs, err))
        return false;
    firmware->recorded_pcrs.known &= FIRMWARE_RECORDED_PCRS;
    return true;
}

struct firmware *firmware_from_log(const struct bytes *bytes, json_object *notes, struct error *err)
{
    OWNED(firmware) firmware = firmware_new(err);
    OWNED(eventlog) log = eventlog_parse(bytes, err);

    if (firmware == NULL || log == NULL || !take_events(firmware, log, notes, err) ||
        !take_boot_habits(firmware, log, notes, err))
        return NULL;
    /* As a log of a trust domain's own registers has none, whose numbers are not those of PCRs. */
    if (!firmware->variables[FIRMWARE_SECURE_BOOT].known) {
        error_set(err, COLDSEAL_BAD_IMAGE,
                  "event log: not of a boot through UEFI with a TPM: no variable SecureBoot in PCR "
                  "7");
        return NULL;
    }
    settle_optional(firmware);
    firmware_settle(firmware);
    return take_recorded(firmware, TAKE(log), err) ? TAKE(firmware) : NULL;
}
