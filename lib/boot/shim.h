/* SPDX-License-Identifier: Apache-2.0 */
/* What is built into a shim: its keys, its own SBAT data and the SBAT levels that it brings along.
 * Read in shim's sources 15.4 to 16.1: cert.S, sbat_var.S, version.c.in. */
#ifndef BOOT_SHIM_H
#define BOOT_SHIM_H

#include "boot/pe.h"

struct shim_facts {
    /* One certificate (DER), or EFI signature lists; NULL without any. */
    struct bytes *vendor_db;
    bool vendor_db_is_list;
    struct bytes *vendor_dbx; /* EFI signature lists; NULL without any */
    char *sbat;               /* its own SBAT data, CSV; NULL without any */
    /* SbatLevel as the build would set it by itself and on request; NULL in builds that never raise
     * it (15.4, 15.5). */
    char *sbat_level_automatic;
    char *sbat_level_latest;
    unsigned version_major; /* 15.7: 15 and 7; both 0 where it does not say */
    unsigned version_minor;
};

/* An image that is a shim, of whatever version. */
bool shim_recognise(const struct pe *pe);
/* The caller frees it. COLDSEAL_BAD_IMAGE where a table leads out of its section,
 * COLDSEAL_UNSUPPORTED for a format of .sbatlevel that is not known. */
struct shim_facts *shim_read(const struct pe *pe, struct error *err);
void shim_facts_free(struct shim_facts *facts);
DEFINE_OWNED(shim_facts);

#endif
