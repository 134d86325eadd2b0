/* SPDX-License-Identifier: Apache-2.0 */
/* Linux, Documentation/filesystems/efivarfs.rst: a file for each variable, its attributes and its
 * data. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/reader.h"
#include "measure/efi_variables.h"
#include "measure/firmware.h"

#define GUID_CHARACTERS (GUID_TEXT_BYTES - 1)

static void folder_close(DIR **folder)
{
    if (*folder != NULL)
        closedir(*folder);
}

/* Others may be unreadable, and are none of our business. */
static bool is_vendor_of_interest(const struct guid *guid)
{
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++) {
        if (guid_equal(guid, firmware_variable_guid((enum firmware_variable_id)i)))
            return true;
    }
    return false;
}

/* NAME-GUID; false for another file, and for a name that is not looked for. */
static bool split_name(const char *file, char name[EFI_VARIABLE_NAME_BYTES], struct guid *guid)
{
    size_t length = strlen(file);

    if (length <= GUID_CHARACTERS + 1 || file[length - GUID_CHARACTERS - 1] != '-' ||
        length - GUID_CHARACTERS - 1 >= EFI_VARIABLE_NAME_BYTES)
        return false;
    snprintf(name, EFI_VARIABLE_NAME_BYTES, "%.*s", (int)(length - GUID_CHARACTERS - 1), file);
    return guid_parse(file + length - GUID_CHARACTERS, guid) && is_vendor_of_interest(guid);
}

static bool take_file(struct efi_variables *variables, const char *folder, const char *file,
                      struct error *err)
{
    char name[EFI_VARIABLE_NAME_BYTES];
    struct guid guid;
    uint32_t attributes;
    OWNED_PTR(char) path = NULL;

    if (!split_name(file, name, &guid))
        return true;
    if (asprintf(&path, "%s/%s", folder, file) < 0) {
        path = NULL;
        return error_no_memory(err);
    }
    OWNED(bytes) bytes = bytes_read_file(path, EFI_VARIABLE_DATA_LIMIT_BYTES, err);
    if (bytes == NULL)
        return false;
    struct reader r = reader_over(bytes->data, bytes->size);
    if (!read_u32le(&r, &attributes))
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: not a variable: shorter than its attributes",
                         path);
    return efi_variables_add(variables, name, &guid, attributes, r.data + r.position,
                             reader_left(&r), err);
}

struct efi_variables *efi_variables_from_folder(const char *path, struct error *err)
{
    __attribute__((cleanup(folder_close))) DIR *folder = opendir(path);
    OWNED(efi_variables) variables = efi_variables_new(err);
    struct dirent *entry;

    if (folder == NULL) {
        error_errno(err, COLDSEAL_IO, "%s", path);
        return NULL;
    }
    while (variables != NULL && (entry = readdir(folder)) != NULL) {
        if (!take_file(variables, path, entry->d_name, err))
            return NULL;
    }
    if (variables != NULL && variables->count == 0) {
        error_set(err, COLDSEAL_BAD_IMAGE, "%s: no EFI variables in this folder", path);
        return NULL;
    }
    return TAKE(variables);
}
