/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware, shim and GRUB find on the cleartext side. */
#ifndef GUEST_BOOT_FILES_H
#define GUEST_BOOT_FILES_H

#include "guest/inspect.h"

/* Our grub.cfg from its template (@BOOT_UUID@, @KERNEL_ARGS@). Kernel arguments come from the
 * options and the kind of the initramfs; one with other than plain characters, which GRUB's script
 * could take for its own, is COLDSEAL_USAGE. Freed with free(3). */
char *grub_cfg_render(const char *template, const char *boot_uuid, const struct guest_os *os,
                      const struct coldseal_guest_options *options, struct error *err);

/* Stable names in /boot; our grub.cfg in the folder that GRUB reads; GRUB beside the shim that the
 * firmware starts, and no fallback program, so that no boot differs from the others. `grub_cfg`
 * gets the path on the ESP. */
bool boot_files_install(struct guest_root *guest, const struct guest_os *os,
                        const char *grub_cfg_text, char *grub_cfg, size_t grub_cfg_size,
                        struct lines *changes, struct error *err);

#endif
