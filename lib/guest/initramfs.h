/* SPDX-License-Identifier: Apache-2.0 */
/* The initramfs: built by the guest's own tools, then looked through. */
#ifndef GUEST_INITRAMFS_H
#define GUEST_INITRAMFS_H

#include "guest/inspect.h"

/* Names in the initramfs, without a leading slash: what unlocks must be there, and no key, nor a
 * way in. Pure. `is_crypt_builtin`: the kernel has dm-crypt without a module. COLDSEAL_UNSUPPORTED.
 */
bool initramfs_check(const struct lines *names, enum initramfs_kind kind, bool is_crypt_builtin,
                     struct error *err);

/* Runs the set-up script in the guest (templates/guest-setup.sh), which ends in building the
 * initramfs, and checks that. */
bool initramfs_build(struct guest_root *guest, const struct guest_os *os,
                     const struct coldseal_guest_options *options, struct guest_result *result,
                     struct error *err);

#endif
