/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted where, from recorded lines of Linux. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mounts.h"

/* A chroot in an appliance, an overlay on top of root, and the manual's example. */
static const char text[] =
    "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "22 21 8:16 / /boot rw shared:3 master:7 - ext4 /dev/sda16 rw,x=-\n"
    "23 22 8:15 / /boot/efi rw,relatime - vfat /dev/sda15 rw,iocharset=utf8\n"
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n"
    "37 22 8:17 / /boot rw,relatime - xfs /dev/sda17 rw";

static void the_mount_on_top_is_found(void **state)
{
    struct mount mount;

    (void)state;
    assert_true(mounts_find(text, "/", &mount));
    assert_string_equal(mount.type, "ext4");
    assert_string_equal(mount.device, "/dev/sda1");
    assert_true(mounts_find(text, "/boot/efi", &mount));
    assert_string_equal(mount.type, "vfat");
    assert_string_equal(mount.device, "/dev/sda15");
    assert_true(mounts_find(text, "/mnt2", &mount));
    assert_string_equal(mount.type, "ext3");
    assert_true(mounts_find(text, "/boot", &mount));
    assert_string_equal(mount.type, "xfs");
    assert_string_equal(mount.device, "/dev/sda17");
    assert_false(mounts_find(text, "/boo", &mount));
    assert_false(mounts_find(text, "/mnt1", &mount));
    assert_false(mounts_find("", "/", &mount));
}

static void lines_cut_short_are_passed_over(void **state)
{
    struct mount mount;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        char cut[sizeof(text)];
        for (size_t k = 0; k < i; k++)
            cut[k] = text[k];
        cut[i] = '\0';
        /* the first line up to its device's first letter */
        bool is_whole = i > 32;
        assert_int_equal(mounts_find(cut, "/", &mount), is_whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mount_on_top_is_found),
        cmocka_unit_test(lines_cut_short_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
