/* SPDX-License-Identifier: Apache-2.0 */
/* Private to boot/. */
#ifndef BOOT_EXT4_VOLUME_H
#define BOOT_EXT4_VOLUME_H

#include "boot/ext4.h"
#include "boot/ext4_io.h"

struct ext4 {
    struct ext4_io io;
    ext2_filsys fs;
};

#endif
