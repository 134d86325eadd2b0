/* SPDX-License-Identifier: Apache-2.0 */
/* The live device-mapper table, compared with what the validated header allows. What the kernel
 * does is what counts: eight products trusted the header here and got plaintext (CVE-2025-59054,
 * CVE-2025-58356). */
#ifndef UNLOCK_DMTABLE_H
#define UNLOCK_DMTABLE_H

#include <stdint.h>

#include "core/error.h"
#include "core/secret.h"

struct dmtable_expected {
    unsigned major; /* of the device beneath */
    unsigned minor;
    uint64_t length_sectors; /* of 512 bytes */
    const struct secret *volume_key;
};

/* Parameters of a crypt target as the kernel reports them: Linux,
 * Documentation/admin-guide/device-mapper/dm-crypt.rst. COLDSEAL_KEY, names what differs. */
bool dmtable_check_crypt(const char *parameters, const struct dmtable_expected *expected,
                         struct error *err);

/* One active target, "crypt", from 0 to the expected length. */
bool dmtable_check_live(const char *name, const struct dmtable_expected *expected,
                        struct error *err);

#endif
