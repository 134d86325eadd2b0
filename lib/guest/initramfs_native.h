/* SPDX-License-Identifier: Apache-2.0 */
/* The initramfs that the image came with, completed as the guest's initramfs-tools would build it
 * anew: without running any of them. */
#ifndef GUEST_INITRAMFS_NATIVE_H
#define GUEST_INITRAMFS_NATIVE_H

#include "guest/inspect.h"

/* For a native root alone, once our hook, scripts and settings are in it. Replaces
 * /boot/initrd.img-KERNEL; adds what is in it to `names`. COLDSEAL_UNSUPPORTED where the result
 * would not be what the generator makes: for dracut, for an initramfs that differs from the root it
 * was built of, or that opens devices of its own. */
bool initramfs_complete(struct guest_root *guest, const struct guest_os *os, struct lines *names,
                        struct error *err);

#endif
