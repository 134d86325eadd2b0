/* SPDX-License-Identifier: Apache-2.0 */
/* Secure Boot Advanced Targeting: generations of components, and the level below which shim refuses
 * them (shim, SBAT.md; decided as in its sbat.c and csv.c, 15.4 to 16.1). */
#ifndef BOOT_SBAT_H
#define BOOT_SBAT_H

#include "boot/shim.h"

#define SBAT_LIMIT_BYTES ((size_t)1 << 20)
#define SBAT_ENTRY_LIMIT 1024

enum sbat_kind {
    SBAT_SECTION, /* six columns: of an image */
    SBAT_LEVEL,   /* two columns, the first line three: of the variable */
};

struct sbat_entry {
    const char *component;
    uint16_t generation; /* 0 where it is no number, as in shim */
};

struct sbat {
    char *text; /* owned, what the entries point into */
    size_t count;
    struct sbat_entry entries[];
};

/* Up to the first NUL. COLDSEAL_BAD_IMAGE where shim would not take it. */
struct sbat *sbat_parse(const void *data, size_t size, enum sbat_kind kind, struct error *err);
void sbat_free(struct sbat *sbat);
DEFINE_OWNED(sbat);

/* The first of the image's components that the level revokes; NULL when there is none. */
const struct sbat_entry *sbat_revoked(const struct sbat *image, const struct sbat *level);

/* SbatLevel and SbatPolicy before the boot. */
struct sbat_variables {
    bool has_level;
    uint32_t level_attributes;
    const void *level;
    size_t level_size;
    bool has_policy;
    uint8_t policy;
};

/* What a shim of that build leaves in SbatLevel, which it then measures, with Secure Boot on or
 * off. COLDSEAL_UNSUPPORTED for a shim without SBAT. */
struct bytes *sbat_level_after(const struct shim_facts *shim, bool secure_boot,
                               const struct sbat_variables *before, struct error *err);

#endif
