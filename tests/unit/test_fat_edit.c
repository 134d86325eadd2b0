/* SPDX-License-Identifier: Apache-2.0 */
/* Files changed in FAT volumes that mkfs.vfat and mtools made, judged by mtools and fsck.vfat. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/fat_edit.h"
#include "fat_file.h"
#include "shell.h"

#define LARGE_BYTES 150001

/* Free clusters lie in pieces. */
static void make_volume(const char *arguments, const char *size)
{
    shell_run("set -e; export MTOOLS_SKIP_CHECK=1; rm -f volume pad*; truncate -s %s volume;"
              " mkfs.vfat %s volume >/dev/null; for n in $(seq 20); do head -c 3000 /dev/urandom "
              ">pad$n; done;"
              " mmd -i volume ::/EFI ::/EFI/BOOT ::/EFI/ubuntu; mcopy -i volume pad* ::/EFI;"
              " printf old >old; mcopy -i volume old ::/EFI/ubuntu/grub.cfg;"
              " mcopy -i volume old '::/EFI/BOOT/a name that is long.efi';"
              " mcopy -i volume old ::/EFI/BOOT/fbx64.efi; mdel -i volume '::/EFI/pad*[13579]'",
              size, arguments);
}

static void expect_file(const char *path, const void *data, size_t size)
{
    struct error err = {0};

    shell_run("rm -f back && MTOOLS_SKIP_CHECK=1 mcopy -i volume '::%s' back", path);
    OWNED(bytes) back = bytes_read_file("back", LARGE_BYTES, &err);
    assert_non_null(back);
    assert_int_equal(back->size, size);
    assert_memory_equal(back->data, data, size);
}

static void expect_gone(const char *path)
{
    assert_int_not_equal(
        shell_try("MTOOLS_SKIP_CHECK=1 mdir -b -i volume '::%s' >/dev/null 2>&1", path), 0);
}

static void change_all(struct fat *fat, const uint8_t *large)
{
    struct error err = {0};
    char path[64];

    if (!fat_write_file(fat, "/EFI/ubuntu/grub.cfg", "set x=1\n", 8, &err) ||
        !fat_write_file(fat, "/efi/boot/GRUBX64.EFI", large, LARGE_BYTES, &err) ||
        !fat_write_file(fat, "/EFI/BOOT/grubx64.efi", large, LARGE_BYTES - 1, &err) ||
        !fat_write_file(fat, "/EFI/BOOT/empty", "", 0, &err) ||
        !fat_make_folder(fat, "/boot/grub", &err) || !fat_make_folder(fat, "/boot/grub", &err) ||
        !fat_remove(fat, "/EFI/BOOT/fbx64.efi", &err) ||
        !fat_remove(fat, "/EFI/BOOT/fbx64.efi", &err) ||
        !fat_remove(fat, "/EFI/BOOT/A NAME THAT IS long.efi", &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < 150; i++) {
        snprintf(path, sizeof(path), "/boot/grub/file%d.cfg", i);
        if (!fat_write_file(fat, path, path, strlen(path), &err))
            fail_msg("%s", err.message);
    }
}

static void changes_files(void **state)
{
    static const char *const formats[][2] = {
        {"-F 12", "4M"}, {"-F 16 -s 4", "20M"}, {"-F 32 -s 1", "40M"}, {"-F 32 -s 1 -f 1", "40M"}};
    static uint8_t large[LARGE_BYTES];
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (uint8_t)(i * 5 + i / 512);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        make_volume(formats[i][0], formats[i][1]);
        struct fat_file v = fat_file_open("volume", 0);
        change_all(v.fat, large);
        OWNED(bytes) ours = fat_read_file(v.fat, "/EFI/BOOT/grubx64.efi", LARGE_BYTES, &err);
        assert_non_null(ours);
        assert_memory_equal(ours->data, large, LARGE_BYTES - 1);
        fat_file_close(&v);
        shell_run("fsck.vfat -n volume >said 2>&1 || { cat said; false; }");
        expect_file("/EFI/ubuntu/grub.cfg", "set x=1\n", 8);
        expect_file("/EFI/BOOT/grubx64.efi", large, LARGE_BYTES - 1);
        expect_file("/EFI/BOOT/empty", "", 0);
        expect_file("/boot/grub/file149.cfg", "/boot/grub/file149.cfg", 22);
        expect_gone("/EFI/BOOT/fbx64.efi");
        expect_gone("/EFI/BOOT/a name that is long.efi");
        /* the second writing is of the same file; its case is that of the first */
        shell_run(
            "MTOOLS_SKIP_CHECK=1 mdir -b -i volume ::/EFI/BOOT >said && grep -q GRUBX64.EFI said &&"
            " MTOOLS_SKIP_CHECK=1 mdir -b -i volume ::/boot/grub | grep -q '/file7.cfg$' &&"
            " [ $(grep -ic grubx64 said) = 1 ]");
    }
}

static void says_what_does_not_fit(void **state)
{
    static uint8_t much[8 << 20];
    struct error err = {0};

    (void)state;
    make_volume("-F 12", "4M");
    struct fat_file v = fat_file_open("volume", 0);
    assert_false(fat_write_file(v.fat, "/EFI/much", much, sizeof(much), &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_false(fat_write_file(v.fat, "/EFI/Mixed.cfg", "", 0, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_false(fat_write_file(v.fat, "/EFI/too-long-for-it", "", 0, &err));
    assert_false(fat_write_file(v.fat, "/EFI/BOOT", "", 0, &err));
    assert_false(fat_write_file(v.fat, "/none/file", "", 0, &err));
    assert_false(fat_remove(v.fat, "/EFI/BOOT", &err));
    assert_false(fat_make_folder(v.fat, "/EFI/ubuntu/grub.cfg/x", &err));
    fat_file_close(&v);
}

/* A fixed root directory is full at some time. */
static void root_is_full(void **state)
{
    struct error err = {0};
    char path[16];
    int i = 0;

    (void)state;
    make_volume("-F 12 -r 32", "4M");
    struct fat_file v = fat_file_open("volume", 0);
    do
        snprintf(path, sizeof(path), "/f%d", i++);
    while (i < 64 && fat_write_file(v.fat, path, "x", 1, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_in_range(i, 20, 33);
    fat_file_close(&v);
    shell_run("fsck.vfat -n volume >said 2>&1 || { cat said; false; }");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(changes_files),
        SHELL_TEST(says_what_does_not_fit),
        SHELL_TEST(root_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
