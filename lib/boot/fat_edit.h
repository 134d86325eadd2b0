/* SPDX-License-Identifier: Apache-2.0 */
/* Changing files of a FAT volume. Paths as in boot/fat.h. A name that is new must fit into a short
 * one, in one case before the dot and one behind it: "grub.cfg", "BOOTX64.EFI". After a failure the
 * volume is of no use: it must be one that can be thrown away. */
#ifndef BOOT_FAT_EDIT_H
#define BOOT_FAT_EDIT_H

#include "boot/fat.h"

/* COLDSEAL_UNSUPPORTED where there is no room, or a name needs a long one; COLDSEAL_BAD_IMAGE where
 * the folder is not there. */
bool fat_write_file(struct fat *fat, const char *path, const void *data, size_t size,
                    struct error *err);
/* With those above it. */
bool fat_make_folder(struct fat *fat, const char *path, struct error *err);
/* A file; true where there is none. */
bool fat_remove(struct fat *fat, const char *path, struct error *err);

#endif
