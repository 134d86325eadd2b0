/* SPDX-License-Identifier: Apache-2.0 */
/* A block device of the appliance as a disk. */
#ifndef GUEST_GUEST_DISK_H
#define GUEST_GUEST_DISK_H

#include "guest/appliance.h"
#include "image/disk.h"

/* `appliance` is borrowed and outlives the disk. */
struct disk *guest_disk_open(struct appliance *appliance, const char *device, struct error *err);

#endif
