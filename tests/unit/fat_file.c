/* SPDX-License-Identifier: Apache-2.0 */
#include "fat_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"

struct fat_file fat_file_open(const char *path, uint64_t offset)
{
    struct error err = {0};
    struct fat_file file = {.fd = open(path, O_RDWR | O_CLOEXEC)};

    assert_true(file.fd >= 0);
    file.disk = raw_open(file.fd, true, &err);
    assert_non_null(file.disk);
    file.fat = fat_open(file.disk, offset, disk_size(file.disk) - offset, &err);
    if (file.fat == NULL)
        fail_msg("%s", err.message);
    return file;
}

void fat_file_close(struct fat_file *file)
{
    fat_free(file->fat);
    disk_free(file->disk);
    close(file->fd);
}
