/* SPDX-License-Identifier: Apache-2.0 */
/* What of the guest's services would open it to its host or its console. */
#ifndef GUEST_UNITS_H
#define GUEST_UNITS_H

#include "guest/guest_root.h"

/* Masks shells, logins, generators that take the host's word, and agents that take its orders;
 * turns SysRq off; warns of what cannot be masked. Adds to the lists of `result`. */
bool units_close(struct guest_root *guest, const struct coldseal_guest_options *options,
                 struct guest_result *result, struct error *err);
/* The file system follows its disk: only the key's owner, in the initramfs, makes the mapping
 * larger. And SSH host keys are made where no cloud-init does. */
bool units_enable(struct guest_root *guest, struct error *err);

#endif
