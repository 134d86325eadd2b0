/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 4096
#define FIELD_POINT 4 /* counted from 0 */
#define FIRST_OPTIONAL_FIELD 6

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": any number of optional fields
 * before the dash. */
static bool line_parse(char *line, char **point, struct mount *mount)
{
    char *rest = NULL;
    char *word = strtok_r(line, " ", &rest);

    *point = NULL;
    for (int i = 0; word != NULL; i++, word = strtok_r(NULL, " ", &rest)) {
        if (i == FIELD_POINT)
            *point = word;
        if (i >= FIRST_OPTIONAL_FIELD && strcmp(word, "-") == 0)
            break;
    }
    const char *type = strtok_r(NULL, " ", &rest);
    const char *device = strtok_r(NULL, " ", &rest);
    if (*point == NULL || type == NULL || device == NULL || strlen(type) >= sizeof(mount->type) ||
        strlen(device) >= sizeof(mount->device))
        return false;
    snprintf(mount->type, sizeof(mount->type), "%s", type);
    snprintf(mount->device, sizeof(mount->device), "%s", device);
    return true;
}

bool mounts_find(const char *text, const char *point, struct mount *found)
{
    char line[LINE_BYTES];
    struct mount mount;
    char *where;
    bool is_found = false;

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length < sizeof(line)) {
            memcpy(line, text, length);
            line[length] = '\0';
            /* the last one lies on top */
            if (line_parse(line, &where, &mount) && strcmp(where, point) == 0) {
                *found = mount;
                is_found = true;
            }
        }
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    return is_found;
}
