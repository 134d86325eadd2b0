/* SPDX-License-Identifier: Apache-2.0 */
#include "image/lock.h"

#include <errno.h>
#include <fcntl.h>

/* QEMU, block/file-posix.c: for each permission a byte that says "I use it" and one that says "I do
 * not share it", both with shared locks of open file descriptions. Who uses a permission tests
 * that nobody refuses to share it, and the other way round. */
#define USED_BASE 100
#define UNSHARED_BASE 200
#define PERMISSION_COUNT 4

/* Numbers of the permissions: QEMU, block/block-common.h. */
#define PERMISSION_CONSISTENT_READ 0x1U
#define PERMISSION_WRITE 0x2U
#define PERMISSION_WRITE_UNCHANGED 0x4U
#define PERMISSION_RESIZE 0x8U

static int lock_byte(int fd, off_t byte)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock);
}

static bool lock_bytes(int fd, off_t base, unsigned permissions)
{
    for (unsigned i = 0; i < PERMISSION_COUNT; i++) {
        if ((permissions & 1U << i) != 0 && lock_byte(fd, base + (off_t)i) != 0)
            return false;
    }
    return true;
}

/* EAGAIN when somebody else has locked one of the bytes. */
static bool test_bytes(int fd, off_t base, unsigned permissions)
{
    for (unsigned i = 0; i < PERMISSION_COUNT; i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = base + (off_t)i, .l_len = 1};
        if ((permissions & 1U << i) == 0)
            continue;
        if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
            return false;
        if (lock.l_type != F_UNLCK) {
            errno = EAGAIN;
            return false;
        }
    }
    return true;
}

static void unlock(int fd)
{
    struct flock lock = {
        .l_type = F_UNLCK,
        .l_start = USED_BASE,
        .l_len = UNSHARED_BASE + PERMISSION_COUNT - USED_BASE,
    };

    fcntl(fd, F_OFD_SETLK, &lock);
}

static bool lock_image(int fd, unsigned used, unsigned unshared)
{
    if (lock_bytes(fd, USED_BASE, used) && lock_bytes(fd, UNSHARED_BASE, unshared) &&
        test_bytes(fd, UNSHARED_BASE, used) && test_bytes(fd, USED_BASE, unshared))
        return true;
    int saved = errno;
    unlock(fd);
    errno = saved;
    return false;
}

static bool is_held(void)
{
    return errno == EAGAIN || errno == EACCES;
}

static bool refuse_held(struct error *err)
{
    return error_set(err, COLDSEAL_IO,
                     "the image is in use by another program, such as a running virtual machine");
}

bool image_lock_reading(int fd, struct error *err)
{
    return lock_image(fd, PERMISSION_CONSISTENT_READ, PERMISSION_WRITE | PERMISSION_RESIZE) ||
           !is_held() || refuse_held(err);
}

bool image_lock_writing(int fd, struct error *err)
{
    if (lock_image(fd, PERMISSION_CONSISTENT_READ | PERMISSION_WRITE,
                   PERMISSION_WRITE | PERMISSION_WRITE_UNCHANGED | PERMISSION_RESIZE))
        return true;
    return is_held() ? refuse_held(err) : error_errno(err, COLDSEAL_IO, "lock the image");
}
