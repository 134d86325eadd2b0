/* SPDX-License-Identifier: Apache-2.0 */
/* A /boot partition for an image that keeps /boot inside root. */
#ifndef GUEST_BOOT_PARTITION_H
#define GUEST_BOOT_PARTITION_H

#include "guest/appliance.h"

/* Adds partition BOOT_PARTITION_NUMBER (XBOOTLDR) in the given bytes of the overlay's disk, with an
 * empty ext4 of label BOOT. */
bool boot_partition_add(struct appliance *appliance, uint64_t offset_bytes, uint64_t length_bytes,
                        struct error *err);
/* Root is mounted: moves what is in its /boot, the ESP's mount point aside, to the file system on
 * `device`, which is mounted at /boot afterwards. */
bool boot_partition_fill(struct appliance *appliance, const char *device, struct error *err);

#endif
