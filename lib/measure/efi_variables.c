/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/efi_variables.h"

#include <stdio.h>
#include <string.h>

struct efi_variables *efi_variables_new(struct error *err)
{
    struct efi_variables *variables = calloc(1, sizeof(*variables));

    if (variables == NULL)
        error_no_memory(err);
    return variables;
}

void efi_variables_free(struct efi_variables *variables)
{
    if (variables == NULL)
        return;
    for (size_t i = 0; i < variables->count; i++)
        bytes_free(variables->items[i].data);
    free(variables->items);
    free(variables);
}

bool efi_variables_add(struct efi_variables *variables, const char *name, const struct guid *guid,
                       uint32_t attributes, const void *data, size_t size, struct error *err)
{
    if (variables->count == EFI_VARIABLES_LIMIT)
        return error_set(err, COLDSEAL_BAD_IMAGE, "more than %zu variables", EFI_VARIABLES_LIMIT);
    if (size > EFI_VARIABLE_DATA_LIMIT_BYTES || strlen(name) >= EFI_VARIABLE_NAME_BYTES)
        return error_set(err, COLDSEAL_BAD_IMAGE, "variable \"%s\" has %zu bytes", name, size);
    struct efi_variable *items =
        reallocarray(variables->items, variables->count + 1, sizeof(*items));
    if (items == NULL)
        return error_no_memory(err);
    variables->items = items;
    struct efi_variable *item = &items[variables->count];
    *item = (struct efi_variable){.guid = *guid, .attributes = attributes};
    snprintf(item->name, sizeof(item->name), "%s", name);
    item->data = bytes_copy(data, size, err);
    if (item->data == NULL)
        return false;
    variables->count++;
    return true;
}

const struct efi_variable *efi_variables_find(const struct efi_variables *variables,
                                              const char *name, const struct guid *guid)
{
    for (size_t i = 0; i < variables->count; i++) {
        const struct efi_variable *item = &variables->items[i];
        if (strcmp(item->name, name) == 0 && guid_equal(&item->guid, guid))
            return item;
    }
    return NULL;
}

bool efi_variable_name(const uint8_t *utf16, size_t size, char name[EFI_VARIABLE_NAME_BYTES])
{
    if (size % 2 != 0 || size / 2 == 0 || size / 2 >= EFI_VARIABLE_NAME_BYTES)
        return false;
    for (size_t i = 0; i < size / 2; i++) {
        if (utf16[2 * i + 1] != 0 || utf16[2 * i] < 0x20 || utf16[2 * i] > 0x7e)
            return false;
        name[i] = (char)utf16[2 * i];
    }
    name[size / 2] = '\0';
    return true;
}
