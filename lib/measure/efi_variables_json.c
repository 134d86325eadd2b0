/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of virt-firmware: virt/firmware/efi/efijson.py. Its members for times and counts are of
 * no interest. */
#include <string.h>

#include "core/hex.h"
#include "measure/efi_variables.h"

#define VIRT_FIRMWARE_VERSION 2

static bool take_data(struct efi_variables *variables, const char *name, const struct guid *guid,
                      uint32_t attributes, const char *hex, struct error *err)
{
    size_t length = strlen(hex);
    OWNED(bytes) data = bytes_new(length / 2, err);

    if (data == NULL)
        return false;
    if (length % 2 != 0 || !hex_decode(hex, length, data->data))
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"data\" is not hexadecimal");
    return efi_variables_add(variables, name, guid, attributes, data->data, data->size, err);
}

static bool take_variable(struct efi_variables *variables, json_object *json, struct error *err)
{
    const char *name, *guid_text, *hex;
    uint64_t attributes;
    struct guid guid;

    if (!json_get_string(json, "name", &name, err) ||
        !json_get_string(json, "guid", &guid_text, err) ||
        !json_get_u64(json, "attr", &attributes, err) || !json_get_string(json, "data", &hex, err))
        return false;
    if (!guid_parse(guid_text, &guid))
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"guid\" is not a GUID");
    if (attributes > UINT32_MAX)
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"attr\" is too large");
    if (strlen(name) >= EFI_VARIABLE_NAME_BYTES)
        return true;
    if (efi_variables_find(variables, name, &guid) != NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s is there twice", name);
    return take_data(variables, name, &guid, (uint32_t)attributes, hex, err);
}

struct efi_variables *efi_variables_from_json(json_object *json, struct error *err)
{
    OWNED(efi_variables) variables = efi_variables_new(err);
    json_object *array;
    uint64_t version;

    if (variables == NULL || !json_get_u64(json, "version", &version, err) ||
        !json_get_array(json, "variables", &array, err))
        return NULL;
    if (version != VIRT_FIRMWARE_VERSION) {
        error_set(err, COLDSEAL_UNSUPPORTED, "version %llu of virt-firmware's JSON",
                  (unsigned long long)version);
        return NULL;
    }
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        if (!take_variable(variables, json_object_array_get_idx(array, i), err)) {
            error_wrap(err, "variable %zu", i);
            return NULL;
        }
    }
    return TAKE(variables);
}
