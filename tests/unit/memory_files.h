/* SPDX-License-Identifier: Apache-2.0 */
/* Boot files in memory: partition 1 and 16 are "ext2", partition 15 is a "fat" ESP. And a GRUB
 * build that has every module which commands here are part of. */
#ifndef TESTS_UNIT_MEMORY_FILES_H
#define TESTS_UNIT_MEMORY_FILES_H

#include "boot/grub_script.h"

enum { MEMORY_ROOT, MEMORY_ESP, MEMORY_BOOT, MEMORY_VOLUMES };
#define MEMORY_ROOT_UUID "11111111-1111-4111-8111-111111111111"
#define MEMORY_ESP_UUID "1234-ABCD"
#define MEMORY_BOOT_UUID "22222222-2222-4222-8222-222222222222"

struct memory_file {
    size_t volume;
    const char *path;
    const void *data;
    size_t size;
};

/* The files and their bytes are borrowed. */
struct boot_files *memory_files(const struct memory_file *files, size_t count, struct error *err);

/* Prefix "/EFI/ubuntu" and no habit of a certain build. All members may be changed; modules are to
 * be freed with grub_build_free(). */
struct grub_build *memory_build(void);
extern const struct grub_start memory_start;

#endif
