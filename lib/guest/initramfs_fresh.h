/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the image's initramfs is what the guest's root would make of it today. */
#ifndef GUEST_INITRAMFS_FRESH_H
#define GUEST_INITRAMFS_FRESH_H

#include "boot/initrd.h"
#include "guest/kernel_modules.h"
#include "guest/native_root.h"

/* Its init, scripts, settings, libraries, firmware and modules are those of the root, and none of
 * the generator's settings is newer than it. COLDSEAL_UNSUPPORTED names the file otherwise. */
bool initramfs_check_fresh(struct native_root *native, const char *kernel,
                           const struct initrd *initrd, const struct kernel_modules *modules,
                           struct error *err);

#endif
