/* SPDX-License-Identifier: Apache-2.0 */
/* TCG PC Client Platform Firmware Profile 1.06, 3.3.4.5 and 3.3.4.8; EDK2 SecurityPkg, Tcg2Dxe.c
 * (MeasureAllSecureVariables, OnReadyToBoot) and DxeImageVerificationLib.c. */
#include "measure/predict_firmware.h"

#include <stdio.h>
#include <string.h>

#include "measure/efi_events.h"

#define WHAT_BYTES 256

static const char boot_option_action[] = "Calling EFI Application from Boot Option";

/* Measured whether they are there or not; dbt and dbr only where they are there. */
static const enum firmware_variable_id always_measured[] = {
    FIRMWARE_SECURE_BOOT, FIRMWARE_PK, FIRMWARE_KEK, FIRMWARE_DB, FIRMWARE_DBX,
};
static const enum firmware_variable_id measured_if_there[] = {FIRMWARE_DBT, FIRMWARE_DBR};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool measure_state_variable(struct prediction *prediction, const struct firmware *firmware,
                                   enum firmware_variable_id id, struct error *err)
{
    const struct firmware_variable *variable = &firmware->variables[id];
    const char *name = firmware_variable_name(id);
    char what[WHAT_BYTES];

    if (!variable->known)
        return error_set(err, COLDSEAL_TPM,
                         "the firmware's state does not say what the variable %s holds", name);
    snprintf(what, sizeof(what), "variable %s%s", name, variable->present ? "" : ", absent");
    const struct efi_variable_event event = {
        .type = EV_EFI_VARIABLE_DRIVER_CONFIG,
        .guid = firmware_variable_guid(id),
        .name = name,
        .data = variable->present ? variable->data->data : NULL,
        .size = variable->present ? variable->data->size : 0,
        .what = what,
        .source = SOURCE_VARIABLE,
        .guessed = variable->guessed,
    };
    return efi_measure_variable(prediction, &event, err);
}

static bool measure_action(struct prediction *prediction, bool guessed, struct error *err)
{
    const struct measurement measurement = {
        .pcr = 4,
        .type = EV_EFI_ACTION,
        .source = SOURCE_FIRMWARE,
        .what = boot_option_action,
        .guessed = guessed,
        .data = boot_option_action,
        .data_size = strlen(boot_option_action),
    };

    return prediction_measure_bytes(prediction, &measurement, boot_option_action,
                                    strlen(boot_option_action), err);
}

bool predict_firmware(struct prediction *prediction, const struct firmware *firmware,
                      struct error *err)
{
    for (size_t i = 0; i < COUNT(always_measured); i++) {
        if (!measure_state_variable(prediction, firmware, always_measured[i], err))
            return false;
    }
    for (size_t i = 0; i < COUNT(measured_if_there); i++) {
        if (firmware->variables[measured_if_there[i]].present &&
            !measure_state_variable(prediction, firmware, measured_if_there[i], err))
            return false;
    }
    if (!efi_measure_separator(prediction, 7, err))
        return false;
    if (firmware->boot_option_action &&
        !measure_action(prediction, firmware->boot_option_action_guessed, err))
        return false;
    return efi_measure_separator(prediction, 4, err);
}

struct signature_list *firmware_signatures(const struct firmware *firmware,
                                           enum firmware_variable_id id, struct error *err)
{
    const struct firmware_variable *variable = &firmware->variables[id];

    return variable->present ? signature_list_parse(variable->data->data, variable->data->size, err)
                             : signature_list_parse(NULL, 0, err);
}

static bool refuse(const char *path, const struct authenticode_result *result, struct error *err)
{
    switch (result->verdict) {
    case AUTHENTICODE_UNSIGNED:
        return error_set(err, COLDSEAL_TPM, "%s is not signed: this firmware does not start it",
                         path);
    case AUTHENTICODE_REVOKED:
        return error_set(err, COLDSEAL_TPM,
                         "%s is revoked by the target's dbx: this firmware does not start it",
                         path);
    default:
        return error_set(err, COLDSEAL_TPM,
                         "%s is signed by \"%s\", which the target's db does not accept: this "
                         "firmware does not start it",
                         path, result->signer);
    }
}

static bool measure_db_entry(struct prediction *prediction, const struct firmware *firmware,
                             const struct signature *entry, size_t number, struct error *err)
{
    char what[WHAT_BYTES];
    OWNED(bytes) data = signature_data(entry, err);

    if (data == NULL)
        return false;
    snprintf(what, sizeof(what), "entry %zu of db, which accepts the boot option's program",
             number);
    const struct efi_variable_event event = {
        .type = EV_EFI_VARIABLE_AUTHORITY,
        .guid = &efi_image_security_database_guid,
        .name = "db",
        .data = data->data,
        .size = data->size,
        .what = what,
        .source = SOURCE_CERTIFICATE,
        .guessed = firmware->variables[FIRMWARE_DB].guessed,
    };
    return efi_measure_variable(prediction, &event, err);
}

static bool measure_authority(struct prediction *prediction, const struct firmware *firmware,
                              const struct boot_program *program, const char *path,
                              struct error *err)
{
    OWNED(signature_list) db = firmware_signatures(firmware, FIRMWARE_DB, err);
    OWNED(signature_list) dbx = firmware_signatures(firmware, FIRMWARE_DBX, err);
    struct authenticode_result result;

    if (db == NULL || dbx == NULL || !program->operations->verify(program, db, dbx, &result, err))
        return false;
    if (result.verdict != AUTHENTICODE_ACCEPTED)
        return refuse(path, &result, err);
    size_t entry = result.matches[0].entry;
    return measure_db_entry(prediction, firmware, &db->entries[entry], entry, err);
}

bool predict_boot_option(struct prediction *prediction, const struct firmware *firmware,
                         const struct boot_program *program, const char *path, struct error *err)
{
    char what[WHAT_BYTES];

    snprintf(what, sizeof(what), "%s %s", boot_program_kind(program), path);
    return (!firmware->secure_boot ||
            measure_authority(prediction, firmware, program, path, err)) &&
           efi_measure_program(prediction, path, what, &program->digests, err);
}
