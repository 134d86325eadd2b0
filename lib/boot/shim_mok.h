/* SPDX-License-Identifier: Apache-2.0 */
/* The table of machine owner key variables inside a shim: what it measures of each, and where
 * builds of one version differ (shim, mok.c, mok_state_variables). */
#ifndef BOOT_SHIM_MOK_H
#define BOOT_SHIM_MOK_H

#include "boot/pe.h"

#define SHIM_MOK_LIMIT 64
#define SHIM_MOK_NAME_BYTES 32

/* shim, include/mok.h */
#define SHIM_MOK_KEY_LIST 0x01u    /* MOK_MIRROR_KEYDB */
#define SHIM_MOK_MEASURE 0x04u     /* MOK_VARIABLE_MEASURE: PCR 7, as an authority */
#define SHIM_MOK_LOG 0x08u         /* MOK_VARIABLE_LOG: `pcr` */
#define SHIM_MOK_INVERSE 0x10u     /* MOK_VARIABLE_INVERSE: 1 where it is absent, else nothing */
#define SHIM_MOK_CONFIG_ONLY 0x20u /* MOK_VARIABLE_CONFIG_ONLY: not measured */

struct shim_mok_variable {
    char name[SHIM_MOK_NAME_BYTES];
    uint32_t flags;
    uint32_t pcr;
    bool has_vendor_part; /* the vendor's certificate or lists are put before it */
};

struct shim_mok_table {
    size_t count;
    struct shim_mok_variable variables[SHIM_MOK_LIMIT]; /* in the order of measuring */
    bool has_build_certificate;                         /* ENABLE_SHIM_CERT */
};

/* COLDSEAL_UNSUPPORTED where there is no such table of a shim of 15.3 or later for a 64-bit
 * machine. */
bool shim_mok_table_read(const struct pe *pe, struct shim_mok_table *table, struct error *err);

#endif
