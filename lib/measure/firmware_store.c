/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware state from stored variables. */
#include <string.h>

#include "core/reader.h"
#include "measure/firmware_import.h"
#include "measure/signature_list.h"

/* EDK2, SecurityPkg: gEfiSecureBootEnableDisableGuid */
static const struct guid secure_boot_enable = {{0xc7, 0x0b, 0xa3, 0xf0, 0x08, 0xaf, 0x56, 0x45,
                                                0x99, 0xc4, 0x00, 0x10, 0x09, 0xc9, 0x3a, 0x44}};

static bool take(struct firmware *firmware, enum firmware_variable_id id,
                 const struct efi_variable *variable, bool guessed, struct error *err)
{
    /* UEFI 2.10, 8.2: a variable without data is none. */
    if (variable == NULL || variable->data->size == 0) {
        firmware_set_absent(firmware, id, guessed);
        return true;
    }
    return firmware_set_variable(firmware, id, variable->attributes, variable->data->data,
                                 variable->data->size, guessed, err);
}

/* EDK2, AuthVariableLibInitialize(): with a PK the platform is in user mode, and Secure Boot is on
 * but where SecureBootEnable says otherwise. Without one it is off; whether the build has Secure
 * Boot at all, and so a variable of that name, is not in the store. */
static bool derive_secure_boot(struct firmware *firmware, const struct efi_variables *variables,
                               struct error *err)
{
    const struct efi_variable *enable =
        efi_variables_find(variables, "SecureBootEnable", &secure_boot_enable);
    bool user_mode = firmware->variables[FIRMWARE_PK].present;
    bool enabled = enable == NULL || (enable->data->size == 1 && enable->data->data[0] == 1);
    uint8_t value = user_mode && enabled ? 1 : 0;

    return firmware_set_variable(firmware, FIRMWARE_SECURE_BOOT,
                                 firmware_variable_attributes(FIRMWARE_SECURE_BOOT), &value, 1,
                                 !user_mode, err);
}

static const struct efi_variable *find(const struct efi_variables *variables,
                                       enum firmware_variable_id id)
{
    return efi_variables_find(variables, firmware_variable_name(id), firmware_variable_guid(id));
}

struct firmware *firmware_from_store(const struct efi_variables *variables, struct error *err)
{
    OWNED(firmware) firmware = firmware_new(err);

    if (firmware == NULL)
        return NULL;
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++) {
        enum firmware_variable_id id = (enum firmware_variable_id)i;
        if (!take(firmware, id, find(variables, id), false, err))
            return NULL;
    }
    if (find(variables, FIRMWARE_SECURE_BOOT) == NULL &&
        !derive_secure_boot(firmware, variables, err))
        return NULL;
    firmware_settle(firmware);
    return TAKE(firmware);
}

/* shim, mok.c: MokListRT holds shim's own certificate, as a list of its own, and then MokList. */
static bool take_mok_list(struct firmware *firmware, const struct efi_variable *copy,
                          struct error *err)
{
    struct reader r = reader_over(copy->data->data, copy->data->size);
    uint32_t first;

    if (!reader_skip(&r, 16) || !read_u32le(&r, &first) || !reader_seek(&r, 0) ||
        !reader_skip(&r, first))
        return error_set(err, COLDSEAL_BAD_IMAGE, "variable MokListRT is cut off");
    if (reader_left(&r) == 0) {
        firmware_set_absent(firmware, FIRMWARE_MOK_LIST, true);
        return true;
    }
    return firmware_set_variable(firmware, FIRMWARE_MOK_LIST,
                                 firmware_variable_attributes(FIRMWARE_MOK_LIST),
                                 r.data + r.position, reader_left(&r), true, err);
}

/* shim, mok.c: what MokListTrustedRT says is the opposite of whether there is the variable. */
static void take_mok_list_trusted(struct firmware *firmware, const struct efi_variable *copy)
{
    if (copy != NULL && copy->data->size == 1 && copy->data->data[0] == 1)
        firmware_set_absent(firmware, FIRMWARE_MOK_LIST_TRUSTED, false);
}

static bool take_shim_copies(struct firmware *firmware, const struct efi_variables *variables,
                             struct error *err)
{
    static const struct {
        enum firmware_variable_id id;
        const char *copy;
    } copies[] = {
        {FIRMWARE_SBAT_LEVEL, "SbatLevelRT"},
        {FIRMWARE_MOK_SB_STATE, "MokSBStateRT"},
        {FIRMWARE_MOK_DB_STATE, "MokIgnoreDB"},
        {FIRMWARE_MOK_POLICY, "MokPolicyRT"},
    };
    const struct guid *shim = firmware_variable_guid(FIRMWARE_MOK_LIST);
    const struct efi_variable *list = efi_variables_find(variables, "MokListRT", shim);

    /* Without it this system was not booted through shim, and nothing can be said. */
    if (list == NULL)
        return true;
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        if (!take(firmware, copies[i].id, efi_variables_find(variables, copies[i].copy, shim),
                  false, err))
            return false;
    }
    take_mok_list_trusted(firmware, efi_variables_find(variables, "MokListTrustedRT", shim));
    return take_mok_list(firmware, list, err);
}

struct firmware *firmware_from_efivars(const struct efi_variables *variables, struct error *err)
{
    OWNED(firmware) firmware = firmware_new(err);

    if (firmware == NULL)
        return NULL;
    for (size_t i = 0; i <= FIRMWARE_DBR; i++) {
        enum firmware_variable_id id = (enum firmware_variable_id)i;
        if (!take(firmware, id, find(variables, id), false, err))
            return NULL;
    }
    if (!take_shim_copies(firmware, variables, err))
        return NULL;
    firmware_settle(firmware);
    return TAKE(firmware);
}
