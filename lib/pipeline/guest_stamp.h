/* SPDX-License-Identifier: Apache-2.0 */
/* What prepare noted of the guest's choices, read from root without an appliance. */
#ifndef PIPELINE_GUEST_STAMP_H
#define PIPELINE_GUEST_STAMP_H

#include "core/json.h"
#include "image/disk.h"

/* { "host_config": "deny" | "keep", "console_login", "cloud_init_seed" } of the file system at
 * [offset, offset + length); *stamp is NULL where that is no ext4 or has no such file. */
bool guest_stamp_read(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                      json_object **stamp, struct error *err);

#endif
