/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of guest/inspect.h that are text alone. */
#include <stdio.h>
#include <string.h>

#include "guest/inspect.h"

const char *initramfs_name(enum initramfs_kind kind)
{
    return kind == INITRAMFS_TOOLS ? "initramfs-tools" : "dracut";
}

/* os-release(5): shell-like assignments; the values of interest hold no escapes. */
void os_release_value(const char *text, const char *key, char *value, size_t size)
{
    size_t key_length = strlen(key);

    value[0] = '\0';
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (length > key_length && strncmp(line, key, key_length) == 0 && line[key_length] == '=') {
            const char *start = line + key_length + 1;
            int kept = (int)(length - key_length - 1);
            if (kept >= 2 && (*start == '"' || *start == '\'') && start[kept - 1] == *start) {
                start++;
                kept -= 2;
            }
            snprintf(value, size, "%.*s", kept, start);
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
}

bool kernel_is_newer(const char *a, const char *b)
{
    return strverscmp(a, b) > 0;
}
