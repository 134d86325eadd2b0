/* SPDX-License-Identifier: Apache-2.0 */
/* Unified kernel images: a PE image of systemd-stub and what it starts (UAPI Group, "Unified Kernel
 * Image"; systemd 252 to 258, src/fundamental/uki.c, src/boot/stub.c and pe.c). */
#ifndef BOOT_UKI_H
#define BOOT_UKI_H

#include "boot/pe.h"

#define UKI_SECTION_LIMIT 16
#define UKI_STUB_BYTES 64
#define UKI_FILE_LIMIT 4

struct uki_section {
    const char *name; /* ".linux", or a file's; static */
    struct reader content;
};

struct uki {
    char stub[UKI_STUB_BYTES]; /* "systemd-stub 257.9-1"; "" where it does not say */
    /* What the stub measures, in that order, of the profile that it starts without being told. */
    size_t count;
    struct uki_section sections[UKI_SECTION_LIMIT];
    /* What the stub gives the initramfs as files of /.extra, by their names there, in that order.
     */
    size_t file_count;
    struct uki_section files[UKI_FILE_LIMIT];
};

/* An image with a kernel in it. */
bool uki_recognise(const struct pe *pe);
/* The contents are borrowed from the image. Which sections count is read from the stub's own code:
 * each version has names that earlier ones do not know. COLDSEAL_BAD_IMAGE for an image without a
 * stub or with a section that is larger in memory than in the file, COLDSEAL_UNSUPPORTED where the
 * hardware decides what is measured. */
bool uki_read(const struct pe *pe, struct uki *uki, struct error *err);
/* NULL when it is not measured. */
const struct uki_section *uki_section_find(const struct uki *uki, const char *name);

#endif
