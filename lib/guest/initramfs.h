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

/* Settles what decides the initramfs, has it built by the guest's generator (templates/
 * initramfs-build.sh) or completed, checks it, and stops later updates. */
bool initramfs_build(struct guest_root *guest, const struct guest_os *os,
                     const struct coldseal_guest_options *options, struct lines *changes,
                     struct error *err);

#endif
