/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/initramfs_order.h"

#include <stdio.h>
#include <string.h>

#include "guest/lines.h"

/* mkinitramfs(8) writes two lines a script. */
#define CALL_FORMAT "/scripts/%s/%s \"$@\"\n[ -e /conf/param.conf ] && . /conf/param.conf\n"

/* Whether a line calls a script whose name comes after ours. */
static bool is_later(const char *line, const char *folder, const char *script)
{
    char start[256];
    size_t length = (size_t)snprintf(start, sizeof(start), "/scripts/%s/", folder);

    if (length >= sizeof(start) || strncmp(line, start, length) != 0)
        return false;
    size_t name = strcspn(line + length, " \n");
    int order = strncmp(line + length, script, name);
    return order > 0 || (order == 0 && name > strlen(script));
}

char *initramfs_order_add(const char *text, const char *folder, const char *script,
                          bool has_prerequisites, struct error *err)
{
    OWNED_TEXT out = {0};
    bool is_added = false;

    for (const char *line = text; *line != '\0'; line = text_next_line(line)) {
        if (!is_added && !has_prerequisites && is_later(line, folder, script)) {
            text_add(&out, CALL_FORMAT, folder, script);
            is_added = true;
        }
        text_add_bytes(&out, line, (size_t)(text_next_line(line) - line));
    }
    if (!is_added)
        text_add(&out, CALL_FORMAT, folder, script);
    return text_take(&out, err);
}
