/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest is: read from its file systems. */
#ifndef GUEST_INSPECT_H
#define GUEST_INSPECT_H

#include "guest/guest_root.h"

/* Who makes the initramfs, and what unlocks in it: coldseal-unlock, or the stock
 * systemd-cryptsetup. */
enum initramfs_kind { INITRAMFS_TOOLS, INITRAMFS_DRACUT, INITRAMFS_DRACUT_STOCK };

struct guest_os {
    char id[64];       /* "ubuntu", "debian" */
    char version[64];  /* "24.04" */
    char name[128];    /* PRETTY_NAME */
    char kernel[128];  /* newest release that has an image in /boot and modules */
    char grub_dir[96]; /* folder on the ESP where the signed GRUB reads its configuration */
    char vendor_dir[96];
    char root_type[32]; /* "ext4" */
    enum initramfs_kind initramfs;
    unsigned systemd_version; /* 0: not found */
    bool has_cloud_init;
};

/* The generator: "initramfs-tools", "dracut". */
const char *initramfs_name(enum initramfs_kind kind);
/* From the file names of a folder: the one of libsystemd-shared-VERSION.so; 0 without one. */
unsigned systemd_version_of(const struct lines *names);

/* os-release(5) text: the value of `key`, unquoted, cut to fit; empty where it is absent. */
void os_release_value(const char *text, const char *key, char *value, size_t size);
/* Of two kernel releases, whether `a` is the newer one. */
bool kernel_is_newer(const char *a, const char *b);

/* `root_type`: the root's file system, "ext4". COLDSEAL_UNSUPPORTED with the reason and the remedy
 * for a guest that cannot be prepared. */
bool guest_inspect(struct guest_root *guest, const char *root_type, enum coldseal_unlock unlock,
                   struct guest_os *os, struct error *err);

#endif
