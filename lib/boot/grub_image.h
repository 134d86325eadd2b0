/* SPDX-License-Identifier: Apache-2.0 */
/* What grub-mkimage put into a GRUB EFI binary, in its order: GRUB 2.06, include/grub/kernel.h. */
#ifndef BOOT_GRUB_IMAGE_H
#define BOOT_GRUB_IMAGE_H

#include "boot/pe.h"

enum grub_object_type {
    GRUB_OBJECT_MODULE = 0, /* ELF */
    GRUB_OBJECT_MEMDISK = 1,
    GRUB_OBJECT_CONFIG = 2,
    GRUB_OBJECT_PREFIX = 3,
};

struct grub_image {
    struct pe pe;
    struct reader objects;
    unsigned count; /* taken so far */
};

/* `efi_image` is borrowed. COLDSEAL_BAD_IMAGE. */
bool grub_image_open(const struct bytes *efi_image, struct grub_image *image, struct error *err);
/* The next object; false at the end, or where the next one is cut off. */
bool grub_image_next(struct grub_image *image, uint32_t *type, struct reader *content);
/* A section of a module's ELF file (System V ABI, chapter 4), in class 64 or 32. */
bool grub_module_section(const struct reader *module, const char *name, struct reader *section);

#endif
