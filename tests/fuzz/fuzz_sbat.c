/* SPDX-License-Identifier: Apache-2.0 */
/* SBAT data as an image's, as a level, and as the variable before a boot. */
#include <stdlib.h>
#include <string.h>

#include "boot/sbat.h"
#include "fuzz.h"

static void check(const struct sbat *sbat, size_t size)
{
    for (size_t i = 0; i < sbat->count; i++) {
        const char *component = sbat->entries[i].component;
        if (component < sbat->text || component + strlen(component) > sbat->text + size)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    char own[] = "shim,1,a,b,c,d\n";
    char automatic[] = "sbat,1,2023012900\nshim,2\ngrub,3\n";
    struct shim_facts shim = {.sbat = own,
                              .sbat_level_automatic = automatic,
                              .sbat_level_latest = automatic,
                              .version_major = 15,
                              .version_minor = size % 2 == 0 ? 7 : 8};
    struct sbat_variables before = {
        .has_level = true, .level_attributes = 3, .level = data, .level_size = size};
    OWNED(sbat) section = sbat_parse(data, size, SBAT_SECTION, &err);
    OWNED(sbat) level = sbat_parse(data, size, SBAT_LEVEL, &err);
    OWNED(bytes) after = sbat_level_after(&shim, true, &before, &err);

    if (after == NULL)
        abort();
    if (section != NULL)
        check(section, size);
    if (level != NULL)
        check(level, size);
    if (section != NULL && level != NULL && sbat_revoked(section, level) != NULL &&
        section->count == 1)
        abort(); /* it cannot revoke itself */
    return 0;
}
