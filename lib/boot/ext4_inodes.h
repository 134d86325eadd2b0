/* SPDX-License-Identifier: Apache-2.0 */
/* Private to boot/. */
#ifndef BOOT_EXT4_INODES_H
#define BOOT_EXT4_INODES_H

#include "boot/ext4_volume.h"

/* Every block that an inode in use refers to lies within `used` (bytes). False also when an inode,
 * its checksum or its tree of blocks is damaged. */
bool ext4_inodes_agree(struct ext4 *ext4, const struct ranges *used);

#endif
