/* SPDX-License-Identifier: Apache-2.0 */
/* What a signed GRUB EFI binary fixes: where it looks for its configuration, what is built in, and
 * the habits in which builds differ. All of it is read from the binary, never from a distribution's
 * name. */
#ifndef BOOT_GRUB_BUILD_H
#define BOOT_GRUB_BUILD_H

#include <stdbool.h>

#include "core/bytes.h"

struct grub_build {
    char *prefix;          /* "/EFI/ubuntu" */
    char *embedded_config; /* for the rescue parser; NULL without one */
    struct bytes *memdisk; /* the image's memory disk, "(memdisk)"; NULL without one */
    char **modules;        /* built in: not opened */
    size_t module_count;
    const char *cpu; /* "x86_64": with "-efi" the folder of modules below the prefix */
    char *version;   /* "2.12-9+deb13u1", as .sbat has it; NULL */
    /* `normal` looks into $fw_path before $prefix, and opens the file once before it reads it. */
    bool tries_fw_path;
    /* A module file is not even opened under Secure Boot. */
    bool refuses_modules;
    /* shim's verifier is run over a kernel when its file is opened under Secure Boot … */
    bool verifies_on_open;
    /* … and once more by linuxefi. */
    bool linuxefi_verifies;
    /* `linux` hands over to linuxefi: never, under Secure Boot, always. */
    enum { GRUB_LINUXEFI_NEVER, GRUB_LINUXEFI_SECURE_BOOT, GRUB_LINUXEFI_ALWAYS } linuxefi;
    /* The kernel is started with LoadImage and its initrd offered by LoadFile2, so that the
     * kernel's stub measures both; else it is entered through the handover protocol. */
    bool starts_by_load_image;
    bool fwsetup_asks; /* fwsetup knows --is-supported; else it enters the set-up */
};

/* COLDSEAL_BAD_IMAGE for what is no GRUB EFI image. */
struct grub_build *grub_build_read(const struct bytes *efi_image, struct error *err);
void grub_build_free(struct grub_build *build);
DEFINE_OWNED(grub_build);
bool grub_build_has_module(const struct grub_build *build, const char *name);

#endif
