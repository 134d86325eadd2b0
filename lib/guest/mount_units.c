/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/mount_units.h"

#include <stdio.h>
#include <string.h>

#include "guest/fstab.h"
#include "guest/lines.h"

#define UNIT_LIMIT ((size_t)1 << 20)
#define LINE_BYTES 256

/* The value of "KEY = VALUE" at the start of a line, cut to fit. */
static bool read_setting(const char *line, const char *key, char *value, size_t size)
{
    static const char blanks[] = " \t";
    const char *at = line + strspn(line, blanks);

    if (strncmp(at, key, strlen(key)) != 0)
        return false;
    at += strlen(key);
    at += strspn(at, blanks);
    if (*at++ != '=')
        return false;
    at += strspn(at, blanks);
    size_t length = strcspn(at, "\n");
    while (length > 0 && strchr(blanks, at[length - 1]) != NULL)
        length--;
    snprintf(value, size, "%.*s", (int)length, at);
    return true;
}

static bool is_outside(const char *text)
{
    char value[LINE_BYTES];

    for (const char *line = text; *line != '\0'; line = text_next_line(line)) {
        if (read_setting(line, "What", value, sizeof(value)) && mount_source_is_block(value) &&
            strcmp(value, ROOT_DEVICE) != 0)
            return true;
        if (read_setting(line, "Type", value, sizeof(value)) && mount_type_is_host(value))
            return true;
    }
    return false;
}

static bool file_is_outside(struct guest_root *guest, const char *folder, const char *name,
                            bool *outside, struct error *err)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return path = NULL, error_no_memory(err);
    OWNED_PTR(char) text = guest_read_text(guest, path, UNIT_LIMIT, err);
    if (text == NULL)
        return false;
    *outside = *outside || is_outside(text);
    return true;
}

bool mount_unit_is_outside(struct guest_root *guest, const char *folder, const char *unit,
                           bool *outside, struct error *err)
{
    OWNED(lines) names = lines_new(err);
    OWNED_PTR(char) additions = NULL;

    if (asprintf(&additions, "%s/%s.d", folder, unit) < 0)
        return additions = NULL, error_no_memory(err);
    if (names == NULL || !file_is_outside(guest, folder, unit, outside, err) ||
        !guest_list(guest, additions, names, err))
        return false;
    for (size_t i = 0; i < names->count; i++) {
        if (!file_is_outside(guest, additions, names->items[i], outside, err))
            return false;
    }
    return true;
}
