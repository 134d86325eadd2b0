/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels in /boot, and the boot files as they are once the stable names lead to another. */
#ifndef BOOT_BOOT_KERNELS_H
#define BOOT_BOOT_KERNELS_H

#include "boot/boot_files.h"

#define BOOT_KERNEL_LIMIT 16
#define BOOT_KERNEL_VERSION_BYTES 128

/* Versions of the kernels that lie beside /vmlinuz with an initramfs of their own, without the one
 * that the stable names lead to; the newest first. */
struct boot_kernels {
    size_t volume;
    size_t count;
    char versions[BOOT_KERNEL_LIMIT][BOOT_KERNEL_VERSION_BYTES];
};

/* COLDSEAL_UNSUPPORTED where no volume has the stable names /vmlinuz and /initrd.img, by which
 * coldseal's grub.cfg starts a kernel, or more kernels than the limit. */
bool boot_kernels_find(struct boot_files *files, struct boot_kernels *kernels, struct error *err);
/* `files` (borrowed) with /vmlinuz and /initrd.img as links to `version`'s. */
struct boot_files *boot_files_with_kernel(struct boot_files *files, size_t volume,
                                          const char *version, struct error *err);

#endif
