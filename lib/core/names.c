/* SPDX-License-Identifier: Apache-2.0 */
#include "core/names.h"

#include <fnmatch.h>
#include <string.h>

bool name_is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

bool name_matches(const char *name, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    }
    return false;
}
