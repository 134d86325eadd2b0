/* SPDX-License-Identifier: Apache-2.0 */
/* EFI variables as they are stored, from the places that people have them in. */
#ifndef MEASURE_EFI_VARIABLES_H
#define MEASURE_EFI_VARIABLES_H

#include "core/bytes.h"
#include "core/guid.h"
#include "core/json.h"

/* Longer names, and names that are not ASCII, are none that are looked for. */
#define EFI_VARIABLE_NAME_BYTES 64
/* A store of OVMF's has room for some thousand. */
#define EFI_VARIABLES_LIMIT ((size_t)8192)
#define EFI_VARIABLE_DATA_LIMIT_BYTES ((size_t)1 << 20)

struct efi_variable {
    char name[EFI_VARIABLE_NAME_BYTES];
    struct guid guid;
    uint32_t attributes;
    struct bytes *data; /* owned */
};

struct efi_variables {
    size_t count;
    struct efi_variable *items;
};

struct efi_variables *efi_variables_new(struct error *err);
void efi_variables_free(struct efi_variables *variables);
DEFINE_OWNED(efi_variables);
/* Copies the data. Nobody looks for two of one name: the caller does not add them. */
bool efi_variables_add(struct efi_variables *variables, const char *name, const struct guid *guid,
                       uint32_t attributes, const void *data, size_t size, struct error *err);
/* Borrowed; NULL where there is none. */
const struct efi_variable *efi_variables_find(const struct efi_variables *variables,
                                              const char *name, const struct guid *guid);
/* The name from `size` bytes of UTF-16LE without a NUL; false for one that is not looked for. */
bool efi_variable_name(const uint8_t *utf16, size_t size, char name[EFI_VARIABLE_NAME_BYTES]);

/* A folder in the form of /sys/firmware/efi/efivars: files NAME-GUID, in each the attributes and
 * then the data. COLDSEAL_IO; COLDSEAL_BAD_IMAGE for a folder without such files. */
struct efi_variables *efi_variables_from_folder(const char *path, struct error *err);
/* What virt-firmware's virt-fw-vars --output-json writes, version 2: {"variables": [{"name",
 * "guid", "attr", "data": hex}]}. COLDSEAL_BAD_IMAGE. */
struct efi_variables *efi_variables_from_json(json_object *json, struct error *err);

/* Whether there is a firmware volume for variables in a flash image. */
bool variable_store_is_in(const struct bytes *image);
/* The valid variables of the authenticated variable store in a flash image, which may be the
 * volume alone (OVMF_VARS.fd) or hold it among others: EDK2, MdeModulePkg, VariableFormat.h and
 * VariableParsing.c. COLDSEAL_BAD_IMAGE; COLDSEAL_UNSUPPORTED for other stores. */
struct efi_variables *variable_store_parse(const struct bytes *image, struct error *err);

#endif
