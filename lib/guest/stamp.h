/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/coldseal/prepared.json in the guest's root: by it a prepared image is known. Format 1:
 *     { "format": 1, "coldseal": "0.1.0", "os": "ubuntu", "os_version": "24.04",
 *       "initramfs": "initramfs-tools", "unlock": "coldseal" | "stock", "kernel":
 * "6.8.0-31-generic", "grub_cfg": "/EFI/ubuntu/grub.cfg", "boot_uuid": "…", "host_config": "deny" |
 * "keep", "console_login": false, "console_recovery": false, "cloud_init_seed": false } Says
 * nothing of the time, so that preparing twice gives the same file. */
#ifndef GUEST_STAMP_H
#define GUEST_STAMP_H

#include "guest/guest_root.h"

#define STAMP_PATH "/etc/coldseal/prepared.json"

bool stamp_write(struct guest_root *guest, const struct guest_result *result,
                 const struct coldseal_guest_options *options, struct error *err);

#endif
