/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/firmware.h"

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

static const struct {
    const char *name;
    const struct guid *guid;
    bool is_signature_list;
} variable_table[FIRMWARE_VARIABLES] = {
    [FIRMWARE_SECURE_BOOT] = {"SecureBoot", &global_variable, false},
    [FIRMWARE_PK] = {"PK", &global_variable, true},
    [FIRMWARE_KEK] = {"KEK", &global_variable, true},
    [FIRMWARE_DB] = {"db", &image_security, true},
    [FIRMWARE_DBX] = {"dbx", &image_security, true},
    [FIRMWARE_DBT] = {"dbt", &image_security, true},
    [FIRMWARE_DBR] = {"dbr", &image_security, true},
    [FIRMWARE_SBAT_LEVEL] = {"SbatLevel", &shim_lock, false},
    [FIRMWARE_SBAT_POLICY] = {"SbatPolicy", &shim_lock, false},
    [FIRMWARE_MOK_LIST] = {"MokList", &shim_lock, true},
    [FIRMWARE_MOK_LIST_X] = {"MokListX", &shim_lock, true},
    [FIRMWARE_MOK_LIST_TRUSTED] = {"MokListTrusted", &shim_lock, false},
    [FIRMWARE_MOK_SB_STATE] = {"MokSBState", &shim_lock, false},
    [FIRMWARE_MOK_DB_STATE] = {"MokDBState", &shim_lock, false},
    [FIRMWARE_MOK_POLICY] = {"MokPolicy", &shim_lock, false},
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

void firmware_settle(struct firmware *firmware)
{
    const struct firmware_variable *variable = &firmware->variables[FIRMWARE_SECURE_BOOT];

    /* UEFI 2.10, 3.3: 1 while images are verified */
    firmware->secure_boot =
        variable->present && variable->data->size == 1 && variable->data->data[0] == 1;
    firmware->secure_boot_guessed = !variable->known || variable->guessed;
}
