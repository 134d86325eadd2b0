/* SPDX-License-Identifier: Apache-2.0 */
/* What is added to an initramfs, from the guest's root: as initramfs-tools' hook-functions do it.
 */
#ifndef GUEST_INITRAMFS_ADD_H
#define GUEST_INITRAMFS_ADD_H

#include "boot/initrd.h"
#include "guest/kernel_modules.h"
#include "guest/native_root.h"

struct initramfs_work {
    struct native_root *native;
    const char *kernel;
    const struct initrd *initrd;
    struct initrd_additions *additions;
    const struct kernel_modules *modules;
    struct lines *module_files; /* all that are in the initramfs, relative */
};

bool initramfs_has(const struct initramfs_work *work, const char *name);
/* A file of the guest's as NAME, with its mode. Links on the way to it stay links (copy_file). */
bool initramfs_add_file(const struct initramfs_work *work, const char *path, const char *name,
                        struct error *err);
/* The same with the libraries that it needs, and theirs; nothing where NAME is there (copy_exec).
 */
bool initramfs_add_program(const struct initramfs_work *work, const char *path, const char *name,
                           struct error *err);
/* A module or alias with what it needs (manual_add_modules). */
bool initramfs_add_module(const struct initramfs_work *work, const char *name, struct error *err);
/* depmod's lists anew, once all modules are added. */
bool initramfs_add_module_lists(const struct initramfs_work *work, struct error *err);

#endif
