/* SPDX-License-Identifier: Apache-2.0 */
/* systemd.mount(5) and systemd.swap(5): what a unit mounts, or swaps to. */
#ifndef GUEST_MOUNT_UNITS_H
#define GUEST_MOUNT_UNITS_H

#include "guest/guest_root.h"

/* Sets `outside` where the unit in `folder`, or a file of its UNIT.d there, names a device that is
 * not the encrypted root, or a file system of the host's; leaves it otherwise. */
bool mount_unit_is_outside(struct guest_root *guest, const char *folder, const char *unit,
                           bool *outside, struct error *err);

#endif
