/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a partition, by libblkid. */
#ifndef LAYOUT_PROBE_H
#define LAYOUT_PROBE_H

#include "image/disk.h"

/* Empty strings where there is nothing. Values are an image's and may be hostile text. */
struct volume {
    char type[32];    /* "ext4", "vfat", "crypto_LUKS", "LVM2_member", … */
    char version[16]; /* "FAT32", … */
    char label[256];
    char uuid[64];
    char beyond[32]; /* what of a file system lies on other devices: "its journal", … */
};

/* COLDSEAL_IO when it cannot be read; nothing recognised is a success. Two signatures at once are
 * COLDSEAL_BAD_IMAGE. */
bool volume_probe(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                  struct volume *volume, struct error *err);

#endif
