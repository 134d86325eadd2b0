/* SPDX-License-Identifier: Apache-2.0 */
/* The guest after unlock: nothing that the host can steer. */
#ifndef GUEST_HARDEN_H
#define GUEST_HARDEN_H

#include "guest/inspect.h"

/* Copies coldseal-unlock, the hooks and the settings into the guest; rewrites fstab and crypttab.
 * What they do is at the head of each template. */
bool harden_install(struct guest_root *guest, const struct guest_os *os,
                    const struct coldseal_guest_options *options, const char *boot_uuid,
                    struct guest_result *result, struct error *err);
/* Installs local packages with dpkg. */
bool harden_install_debs(struct guest_root *guest, const struct coldseal_guest_options *options,
                         struct lines *changes, struct error *err);

#endif
