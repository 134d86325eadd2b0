/* SPDX-License-Identifier: Apache-2.0 */
/* Changing files of an ext4 volume, by libext2fs. What is made is root's, and its parents must be
 * there; links on the way to it are followed, and one of its own name is replaced. After a failure
 * the volume is of no use: it must be one that can be thrown away. */
#ifndef BOOT_EXT4_EDIT_H
#define BOOT_EXT4_EDIT_H

#include "boot/ext4.h"

/* As ext4_open(); COLDSEAL_UNSUPPORTED for a volume that is not clean, whose bitmaps cannot be
 * trusted, or which has features that change what a new file must be. */
struct ext4 *ext4_open_writable(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                                struct error *err);
/* Writes what is still in memory. */
bool ext4_commit(struct ext4 *ext4, struct error *err);

/* COLDSEAL_UNSUPPORTED where there is no room. */
bool ext4_write_file(struct ext4 *ext4, const char *path, const void *data, size_t size, int mode,
                     struct error *err);
bool ext4_make_link(struct ext4 *ext4, const char *target, const char *path, struct error *err);
/* With those above it; mode 0755. */
bool ext4_make_folder(struct ext4 *ext4, const char *path, struct error *err);
/* A file or link; true where there is none. */
bool ext4_remove(struct ext4 *ext4, const char *path, struct error *err);
/* The same for a folder with all that is in it. */
bool ext4_remove_tree(struct ext4 *ext4, const char *path, struct error *err);

#endif
