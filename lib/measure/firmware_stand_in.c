/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/firmware_stand_in.h"

#include <string.h>

#include "measure/event_subject.h"
#include "measure/event_types.h"
#include "measure/signature_list.h"

bool eventlog_has_secure_boot(const struct eventlog *log)
{
    struct event_subject subject;

    for (size_t i = 0; i < log->count; i++) {
        const struct event *event = &log->events[i];
        event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
        if (subject.kind == SUBJECT_VARIABLE && strcmp(subject.name, "SecureBoot") == 0)
            return subject.value_size > 0 && subject.value[0] == 1;
    }
    return false;
}

static bool set_variable(struct firmware *firmware, enum firmware_variable_id id,
                         const uint8_t *value, size_t size, struct error *err)
{
    return firmware_set_variable(firmware, id, firmware_variable_attributes(id), value, size, true,
                                 err);
}

static bool set_db(struct firmware *firmware, const uint8_t program_sha256[32], struct error *err)
{
    const struct guid owner = {{0}};
    OWNED(bytes) list = signature_list_of_one(SIGNATURE_SHA256, &owner, program_sha256, 32, err);

    return list != NULL && set_variable(firmware, FIRMWARE_DB, list->data, list->size, err);
}

static bool take_event(struct firmware *firmware, const struct event *event, struct error *err)
{
    struct event_subject subject;

    event_subject_read(event->pcr, event->type, event->data, event->data_size, &subject);
    if (subject.kind == SUBJECT_AUTHORITY && strcmp(subject.name, "SbatLevel") == 0)
        return set_variable(firmware, FIRMWARE_SBAT_LEVEL, subject.value, subject.value_size, err);
    if (event->pcr == 4 && subject.kind == SUBJECT_ACTION)
        firmware->boot_option_action = true;
    return true;
}

struct firmware *firmware_stand_in(const struct eventlog *log, const uint8_t program_sha256[32],
                                   bool secure_boot, struct error *err)
{
    const uint8_t value = secure_boot;
    OWNED(firmware) firmware = firmware_new(err);

    if (firmware == NULL)
        return NULL;
    for (enum firmware_variable_id id = 0; id < FIRMWARE_VARIABLES; id++)
        firmware_set_absent(firmware, id, true);
    firmware->boot_option_action = false;
    for (size_t i = 0; i < log->count; i++) {
        if (log->events[i].type != EV_NO_ACTION && !take_event(firmware, &log->events[i], err))
            return NULL;
    }
    if (!set_db(firmware, program_sha256, err) ||
        !set_variable(firmware, FIRMWARE_SECURE_BOOT, &value, sizeof(value), err))
        return NULL;
    firmware_settle(firmware);
    return TAKE(firmware);
}
