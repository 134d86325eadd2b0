/* SPDX-License-Identifier: Apache-2.0 */
/* Private to boot/. */
#ifndef BOOT_EXT4_REMOVE_H
#define BOOT_EXT4_REMOVE_H

#include "boot/ext4_volume.h"

/* A name of a folder with its inode, once nothing else names that. `is_tree`: a folder, too, with
 * all that is in it. EXT2_ET_FILE_NOT_FOUND where there is none. */
errcode_t ext4_remove_entry(struct ext4 *ext4, ext2_ino_t parent, const char *name, bool is_tree);

#endif
