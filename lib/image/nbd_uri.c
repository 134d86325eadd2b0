/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/nbd.h"

bool nbd_is_uri(const char *name)
{
    const char *end = strstr(name, "://");
    size_t length = end == NULL ? 0 : (size_t)(end - name);

    return strncmp(name, "nbd", 3) == 0 && strcspn(name, "/") == length + 1;
}
