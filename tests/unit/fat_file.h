/* SPDX-License-Identifier: Apache-2.0 */
/* A file that holds a FAT volume, opened for reading and writing. */
#ifndef FAT_FILE_H
#define FAT_FILE_H

#include "boot/fat.h"

struct fat_file {
    int fd;
    struct disk *disk;
    struct fat *fat;
};

/* From `offset` to the file's end; a failed test when it cannot be opened. */
struct fat_file fat_file_open(const char *path, uint64_t offset);
void fat_file_close(struct fat_file *file);

#endif
