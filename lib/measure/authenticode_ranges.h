/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of an image an Authenticode digest covers. */
#ifndef MEASURE_AUTHENTICODE_RANGES_H
#define MEASURE_AUTHENTICODE_RANGES_H

#include "boot/pe.h"
#include "core/digest.h"

/* They agree on images that tools have signed. */
enum authenticode_rules {
    AUTHENTICODE_EDK2, /* Tcg2Dxe/MeasureBootPeCoff.c, DxeImageVerificationLib HashPeImage() */
    AUTHENTICODE_SHIM, /* shim 15.4 to 16.1, pe.c generate_hash() */
};

/* Three ranges of the headers, one a section, what is behind them. */
#define AUTHENTICODE_RANGE_LIMIT (PE_SECTION_LIMIT + 4)

struct authenticode_range {
    size_t offset;
    size_t size;
};

struct authenticode_ranges {
    size_t count;
    struct authenticode_range items[AUTHENTICODE_RANGE_LIMIT]; /* within the file */
    size_t zeros;                                              /* bytes hashed behind them */
};

bool authenticode_ranges(const struct pe *pe, enum authenticode_rules rules,
                         struct authenticode_ranges *ranges, struct error *err);
/* `out` has room for digest_size(). */
bool authenticode_ranges_digest(const struct pe *pe, const struct authenticode_ranges *ranges,
                                enum digest_algorithm algorithm, uint8_t *out, struct error *err);

#endif
