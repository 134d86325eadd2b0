/* SPDX-License-Identifier: Apache-2.0 */
/* Which package of a distribution brings a shared library. */
#ifndef GUEST_PACKAGES_H
#define GUEST_PACKAGES_H

#include "guest/lines.h"

/* `os` and `version` as os-release has them ("debian", "13"; "ubuntu", "24.04"). NULL for a library
 * that is not in the table. A release that is not known answers as its distribution's newest. */
const char *package_of_library(const char *os, const char *version, const char *soname);

#endif
