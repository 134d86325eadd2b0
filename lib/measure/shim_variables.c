/* SPDX-License-Identifier: Apache-2.0 */
/* shim, mok.c: import_one_mok_state(), mirror_one_mok_variable(). */
#include "measure/shim_variables.h"

#include <stdio.h>
#include <string.h>

#include "boot/sbat.h"
#include "measure/efi_events.h"
#include "measure/signature_list.h"

#define WHAT_BYTES 160
#define SHA256_BYTES 32
/* UEFI 2.10, 8.2 */
#define VARIABLE_BOOT_SERVICE                                          \
    0x3u /* non-volatile or boot service access: one of them is enough \
          */
#define VARIABLE_RUNTIME 0x4u

void shim_variables_drop(struct shim_variables *variables)
{
    bytes_free(variables->mok_list);
    bytes_free(variables->mok_list_x);
    bytes_free(variables->sbat_level);
    *variables = (struct shim_variables){0};
}

static struct bytes *vendor_part(const struct shim_mok_variable *variable,
                                 const struct shim_facts *facts, struct error *err)
{
    const struct bytes *part =
        strcmp(variable->name, "MokList") == 0 ? facts->vendor_db : facts->vendor_dbx;

    if (!variable->has_vendor_part || part == NULL)
        return bytes_new(0, err);
    if (part == facts->vendor_db && !facts->vendor_db_is_list)
        return signature_list_of_one(SIGNATURE_X509, &efi_shim_lock_guid, part->data, part->size,
                                     err);
    return bytes_copy(part->data, part->size, err);
}

static struct bytes *join(const struct bytes *first, const struct bytes *second, struct error *err)
{
    size_t more = second == NULL ? 0 : second->size;
    struct bytes *both = bytes_new(first->size + more, err);

    if (both == NULL)
        return NULL;
    memcpy(both->data, first->data, first->size);
    if (more > 0)
        memcpy(both->data + first->size, second->data, more);
    return both;
}

/* A variable that the running system could have set is deleted, not believed. */
static const struct bytes *believed(const struct firmware *firmware, const char *name)
{
    enum firmware_variable_id id;

    if (!firmware_variable_find(name, &efi_shim_lock_guid, &id) || !firmware->variables[id].present)
        return NULL;
    uint32_t attributes = firmware->variables[id].attributes;
    return (attributes & VARIABLE_BOOT_SERVICE) != 0 && (attributes & VARIABLE_RUNTIME) == 0
               ? firmware->variables[id].data
               : NULL;
}

static bool is_guessed(const struct firmware *firmware, const char *name)
{
    enum firmware_variable_id id;

    return firmware_variable_find(name, &efi_shim_lock_guid, &id) &&
           (!firmware->variables[id].known || firmware->variables[id].guessed);
}

/* What shim measures and hands on; empty for nothing. */
static struct bytes *content(const struct shim_mok_variable *variable,
                             const struct firmware *firmware, const struct shim_facts *facts,
                             struct error *err)
{
    static const uint8_t one[1] = {1};
    static const uint8_t null_digest[SHA256_BYTES];
    const struct bytes *data = believed(firmware, variable->name);

    if ((variable->flags & SHIM_MOK_INVERSE) != 0)
        return data == NULL ? bytes_copy(one, sizeof(one), err) : bytes_new(0, err);
    if ((variable->flags & SHIM_MOK_KEY_LIST) == 0)
        return data == NULL ? bytes_new(0, err) : bytes_copy(data->data, data->size, err);
    OWNED(bytes) vendor = vendor_part(variable, facts, err);
    OWNED(bytes) both = vendor == NULL ? NULL : join(vendor, data, err);
    if (both == NULL || both->size > 0)
        return TAKE(both);
    return signature_list_of_one(SIGNATURE_SHA256, &efi_shim_lock_guid, null_digest,
                                 sizeof(null_digest), err);
}

static bool measure_log(struct prediction *prediction, const struct shim_mok_variable *variable,
                        const struct bytes *data, const char *what, bool guessed, struct error *err)
{
    const struct measurement measurement = {
        .pcr = variable->pcr,
        .type = EV_IPL,
        .source = SOURCE_VARIABLE,
        .what = what,
        .guessed = guessed,
        .data = variable->name,
        .data_size = strlen(variable->name) + 1,
    };

    return prediction_measure_bytes(prediction, &measurement, data->data, data->size, err);
}

static bool measure(struct prediction *prediction, const struct firmware *firmware,
                    const struct shim_mok_variable *variable, const struct bytes *data,
                    struct error *err)
{
    char what[WHAT_BYTES];
    bool guessed = is_guessed(firmware, variable->name);

    if (data->size == 0)
        return true;
    snprintf(what, sizeof(what), "variable %s, as shim hands it on", variable->name);
    if ((variable->flags & SHIM_MOK_MEASURE) != 0) {
        const struct efi_variable_event event = {
            .type = EV_EFI_VARIABLE_AUTHORITY,
            .guid = &efi_shim_lock_guid,
            .name = variable->name,
            .data = data->data,
            .size = data->size,
            .what = what,
            .source = SOURCE_VARIABLE,
            .guessed = guessed,
        };
        if (!efi_measure_variable(prediction, &event, err))
            return false;
    }
    return (variable->flags & SHIM_MOK_LOG) == 0 ||
           measure_log(prediction, variable, data, what, guessed, err);
}

static struct bytes *sbat_level(const struct firmware *firmware, const struct shim_facts *facts,
                                struct shim_variables *variables, struct error *err)
{
    const struct firmware_variable *level = &firmware->variables[FIRMWARE_SBAT_LEVEL];
    const struct firmware_variable *policy = &firmware->variables[FIRMWARE_SBAT_POLICY];
    const struct sbat_variables before = {
        .has_level = level->present,
        .level_attributes = level->attributes,
        .level = level->present ? level->data->data : NULL,
        .level_size = level->present ? level->data->size : 0,
        .has_policy = policy->present && policy->data->size > 0,
        .policy = policy->present && policy->data->size > 0 ? policy->data->data[0] : 0,
    };

    variables->sbat_level = sbat_level_after(facts, firmware->secure_boot, &before, err);
    return variables->sbat_level == NULL
               ? NULL
               : bytes_copy(variables->sbat_level->data, variables->sbat_level->size, err);
}

/* States of one byte: shim, mok.c, maybe_mirror_one_mok_variable(). */
static bool is_one(const struct bytes *data)
{
    return data->size == 1 && data->data[0] == 1;
}

static void keep(const struct shim_mok_variable *variable, struct bytes *data,
                 struct shim_variables *variables)
{
    OWNED(bytes) owned = data;

    if (strcmp(variable->name, "MokList") == 0)
        variables->mok_list = TAKE(owned);
    else if (strcmp(variable->name, "MokListX") == 0)
        variables->mok_list_x = TAKE(owned);
    else if (strcmp(variable->name, "MokSBState") == 0)
        variables->is_insecure = is_one(owned);
    else if (strcmp(variable->name, "MokDBState") == 0)
        variables->ignores_db = is_one(owned);
}

static bool check_build(const struct boot_program *shim, struct error *err)
{
    if (shim->mok->has_build_certificate)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "this shim has a certificate of its own build, which is measured");
    if (shim->mok->variables[0].has_vendor_part || shim->shim->vendor_db == NULL)
        return true;
    return error_set(err, COLDSEAL_UNSUPPORTED, "this shim leaves its vendor out of MokList");
}

bool shim_variables_measure(struct prediction *prediction, const struct firmware *firmware,
                            const struct boot_program *shim, struct shim_variables *variables,
                            struct error *err)
{
    *variables = (struct shim_variables){0};
    if (!check_build(shim, err))
        return false;
    for (size_t i = 0; i < shim->mok->count; i++) {
        const struct shim_mok_variable *variable = &shim->mok->variables[i];
        if ((variable->flags & SHIM_MOK_CONFIG_ONLY) != 0)
            continue;
        struct bytes *data = strcmp(variable->name, "SbatLevel") == 0
                                 ? sbat_level(firmware, shim->shim, variables, err)
                                 : content(variable, firmware, shim->shim, err);
        bool ok = data != NULL && measure(prediction, firmware, variable, data, err);
        keep(variable, data, variables);
        if (!ok)
            return false;
    }
    return true;
}
