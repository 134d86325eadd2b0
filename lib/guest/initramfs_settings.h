/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest's generator is told before the initramfs is built, and after it. */
#ifndef GUEST_INITRAMFS_SETTINGS_H
#define GUEST_INITRAMFS_SETTINGS_H

#include "guest/inspect.h"

/* Settings of initramfs-tools for any machine and for a root that does not exist yet; and other
 * kernels' initramfs are removed from /boot, which would be cleartext that nothing checked. */
bool initramfs_settle(struct guest_root *guest, const struct guest_os *os, struct lines *changes,
                      struct error *err);
/* An initramfs that is built later would land in the encrypted root, where nothing boots it. */
bool initramfs_stop_updates(struct guest_root *guest, struct error *err);

/* Lines of `text` that begin with `start` become `line`, which is added where there is none; freed
 * with free(3). Pure. */
char *text_set_line(const char *text, const char *start, const char *line, struct error *err);

#endif
