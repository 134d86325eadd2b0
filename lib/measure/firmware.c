/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/firmware.h"

#include <stdio.h>
#include <string.h>

#include "measure/signature_list.h"

/* UEFI 2.10, 3.3 */
static const struct guid global_variable = {{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa,
                                             0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}};
/* UEFI 2.10, 32.6: EFI_IMAGE_SECURITY_DATABASE_GUID */
static const struct guid image_security = {{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3,
                                            0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f}};
/* shim, include/guid.h: SHIM_LOCK_GUID */
static const struct guid shim_lock = {{0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6,
                                       0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}};

/* UEFI 2.10, 8.2: bit 0 non-volatile, 1 at boot time, 2 at run time, 5 authenticated by time */
#define BOOT_AND_RUN_TIME 0x06
#define AUTHENTICATED 0x27
#define BOOT_TIME 0x03

static const struct {
    const char *name;
    const struct guid *guid;
    uint32_t attributes;
    bool is_signature_list;
} variable_table[FIRMWARE_VARIABLES] = {
    [FIRMWARE_SECURE_BOOT] = {"SecureBoot", &global_variable, BOOT_AND_RUN_TIME, false},
    [FIRMWARE_PK] = {"PK", &global_variable, AUTHENTICATED, true},
    [FIRMWARE_KEK] = {"KEK", &global_variable, AUTHENTICATED, true},
    [FIRMWARE_DB] = {"db", &image_security, AUTHENTICATED, true},
    [FIRMWARE_DBX] = {"dbx", &image_security, AUTHENTICATED, true},
    [FIRMWARE_DBT] = {"dbt", &image_security, AUTHENTICATED, true},
    [FIRMWARE_DBR] = {"dbr", &image_security, AUTHENTICATED, true},
    [FIRMWARE_SBAT_LEVEL] = {"SbatLevel", &shim_lock, BOOT_TIME, false},
    [FIRMWARE_SBAT_POLICY] = {"SbatPolicy", &shim_lock, BOOT_TIME, false},
    [FIRMWARE_MOK_LIST] = {"MokList", &shim_lock, BOOT_TIME, true},
    [FIRMWARE_MOK_LIST_X] = {"MokListX", &shim_lock, BOOT_TIME, true},
    [FIRMWARE_MOK_LIST_TRUSTED] = {"MokListTrusted", &shim_lock, BOOT_TIME, false},
    [FIRMWARE_MOK_SB_STATE] = {"MokSBState", &shim_lock, BOOT_TIME, false},
    [FIRMWARE_MOK_DB_STATE] = {"MokDBState", &shim_lock, BOOT_TIME, false},
    [FIRMWARE_MOK_POLICY] = {"MokPolicy", &shim_lock, BOOT_TIME, false},
};

struct firmware *firmware_new(struct error *err)
{
    struct firmware *firmware = calloc(1, sizeof(*firmware));

    if (firmware == NULL) {
        error_no_memory(err);
        return NULL;
    }
    firmware->boot_option_action = true;
    firmware->boot_option_action_guessed = true;
    firmware_settle(firmware);
    return firmware;
}

void firmware_free(struct firmware *firmware)
{
    if (firmware == NULL)
        return;
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++)
        bytes_free(firmware->variables[i].data);
    eventlog_free(firmware->recorded);
    free(firmware);
}

const char *firmware_variable_name(enum firmware_variable_id id)
{
    return variable_table[id].name;
}

const struct guid *firmware_variable_guid(enum firmware_variable_id id)
{
    return variable_table[id].guid;
}

uint32_t firmware_variable_attributes(enum firmware_variable_id id)
{
    return variable_table[id].attributes;
}

bool firmware_variable_find(const char *name, const struct guid *guid,
                            enum firmware_variable_id *id)
{
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++) {
        if (strcmp(variable_table[i].name, name) == 0 &&
            (guid == NULL || guid_equal(variable_table[i].guid, guid))) {
            *id = (enum firmware_variable_id)i;
            return true;
        }
    }
    return false;
}

static bool check_content(enum firmware_variable_id id, const void *data, size_t size,
                          struct error *err)
{
    const char *name = variable_table[id].name;

    if (size == 0 || size > FIRMWARE_VARIABLE_LIMIT_BYTES)
        return error_set(err, COLDSEAL_BAD_IMAGE, "variable %s has %zu bytes", name, size);
    if (!variable_table[id].is_signature_list)
        return true;
    OWNED(signature_list) list = signature_list_parse(data, size, err);
    return list != NULL || error_wrap(err, "variable %s", name);
}

bool firmware_set_variable(struct firmware *firmware, enum firmware_variable_id id,
                           uint32_t attributes, const void *data, size_t size, bool guessed,
                           struct error *err)
{
    struct firmware_variable *variable = &firmware->variables[id];

    if (!check_content(id, data, size, err))
        return false;
    struct bytes *copy = bytes_copy(data, size, err);
    if (copy == NULL)
        return false;
    bytes_free(variable->data);
    *variable = (struct firmware_variable){
        .known = true,
        .present = true,
        .guessed = guessed,
        .attributes = attributes,
        .data = copy,
    };
    return true;
}

void firmware_set_absent(struct firmware *firmware, enum firmware_variable_id id, bool guessed)
{
    bytes_free(firmware->variables[id].data);
    firmware->variables[id] = (struct firmware_variable){.known = true, .guessed = guessed};
}

static bool variables_equal(const struct firmware_variable *a, const struct firmware_variable *b)
{
    return a->present == b->present &&
           (!a->present || (a->data->size == b->data->size &&
                            memcmp(a->data->data, b->data->data, a->data->size) == 0));
}

static bool merge_variable(struct firmware_variable *into, struct firmware_variable *from)
{
    if (!from->known || (from->guessed && into->known && !into->guessed))
        return false;
    bool differs = into->known && !into->guessed && !from->guessed && !variables_equal(into, from);
    bytes_free(into->data);
    *into = *from;
    *from = (struct firmware_variable){0};
    return differs;
}

static bool merge_origin(struct firmware *into, const struct firmware *from, struct error *err)
{
    size_t used = strlen(into->origin);

    if (from->origin[0] == '\0')
        return true;
    int added = snprintf(into->origin + used, sizeof(into->origin) - used, "%s%s",
                         used > 0 ? ", " : "", from->origin);
    return (size_t)added < sizeof(into->origin) - used ||
           error_set(err, COLDSEAL_USAGE, "too many sources, or their names are too long");
}

bool firmware_merge(struct firmware *into, struct firmware *from, uint32_t *differing,
                    struct error *err)
{
    *differing = 0;
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++)
        *differing |= merge_variable(&into->variables[i], &from->variables[i]) ? 1u << i : 0;
    if (into->boot_option_action_guessed && !from->boot_option_action_guessed) {
        into->boot_option_action = from->boot_option_action;
        into->boot_option_action_guessed = false;
    }
    if (from->recorded_pcrs.banks != 0) {
        eventlog_free(into->recorded);
        into->recorded = TAKE(from->recorded);
        into->recorded_pcrs = from->recorded_pcrs;
    }
    firmware_settle(into);
    return merge_origin(into, from, err);
}

void firmware_settle(struct firmware *firmware)
{
    const struct firmware_variable *variable = &firmware->variables[FIRMWARE_SECURE_BOOT];

    /* UEFI 2.10, 3.3: 1 while images are verified */
    firmware->secure_boot =
        variable->present && variable->data->size == 1 && variable->data->data[0] == 1;
    firmware->secure_boot_guessed = !variable->known || variable->guessed;
}
