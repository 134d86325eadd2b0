/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware documents by name. */
#include <stdio.h>
#include <string.h>

#include "measure/firmware.h"

/* Names have no dot and no slash: what has is a path, and "./NAME" is one always. */
static bool is_name(const char *text)
{
    return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

struct firmware *firmware_find(const char *name_or_path, const char *data_dir, struct error *err)
{
    const char *folder = data_dir != NULL ? data_dir : COLDSEAL_DATA_DIR;
    OWNED_PTR(char) path = NULL;

    if (!is_name(name_or_path))
        return firmware_read_file(name_or_path, err);
    if (asprintf(&path, "%s/firmware/%s.json", folder, name_or_path) < 0) {
        path = NULL;
        error_no_memory(err);
        return NULL;
    }
    return firmware_read_file(access(path, R_OK) == 0 ? path : name_or_path, err);
}
