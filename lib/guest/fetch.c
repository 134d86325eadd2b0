/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/fetch.h"

#define PACKAGES_LIMIT 64

/* Of apt's output, what went wrong. */
static const char install[] =
    "set -e; export DEBIAN_FRONTEND=noninteractive LC_ALL=C\n" GUEST_NO_SERVICES
    "trap 'rm -rf $added' EXIT\n"
    "apt() {\n"
    "    said=$(apt-get -q -o Acquire::Retries=2 -o APT::Update::Error-Mode=any \"$@\" 2>&1) ||\n"
    "        { printf '%s\\n' \"$said\" | grep '^E: ' | head -n 2 >&2; exit 1; }\n"
    "}\n"
    "apt update\n"
    "apt -y --no-install-recommends install -- \"$@\"\n";

bool guest_fetch_packages(struct guest_root *guest, const struct lines *packages,
                          struct lines *changes, struct error *err)
{
    const char *argv[4 + PACKAGES_LIMIT + 1] = {"/bin/sh", "-c", install, "sh"};
    OWNED_PTR(char) list = lines_join(packages, ", ", err);

    if (list == NULL)
        return false;
    if (packages->count > PACKAGES_LIMIT)
        return error_set(err, COLDSEAL_BUG, "%zu packages", packages->count);
    for (size_t i = 0; i < packages->count; i++)
        argv[4 + i] = packages->items[i];
    OWNED_PTR(char) output = guest_run(guest, argv, err);
    if (output == NULL) {
        if (err->code == COLDSEAL_UNSUPPORTED)
            err->code = COLDSEAL_IO;
        return error_wrap(err, "fetch %s", list);
    }
    return lines_add(changes, err, "packages fetched from the guest's sources: %s", list);
}
