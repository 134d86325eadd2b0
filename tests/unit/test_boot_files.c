/* SPDX-License-Identifier: Apache-2.0 */
/* Boot files of an image that sgdisk, mtools and mke2fs made, and of the same files in folders;
 * digests as coreutils give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/boot_files.h"
#include "core/hex.h"
#include "image/open.h"
#include "shell.h"

#define FILE_LIMIT ((size_t)16 << 20)

struct opened {
    struct disk *disk;
    struct partition_table *table;
    struct boot_files *files;
};

static void make_trees(void)
{
    shell_run("mkdir -p esp/EFI/BOOT esp/EFI/ubuntu boot/grub &&"
              " printf 'set x=1\\n' >esp/EFI/ubuntu/grub.cfg &&"
              " head -c 2000001 /dev/urandom >esp/EFI/BOOT/BOOTX64.EFI &&"
              " head -c 3000007 /dev/urandom >boot/vmlinuz-1 && ln -s vmlinuz-1 boot/vmlinuz &&"
              " ln -s /vmlinuz-1 boot/absolute && ln -s ../../../etc/hostname boot/outside &&"
              " ln -s loop boot/loop && : >boot/empty && printf 'a b\\n' >boot/grub/grub.cfg");
}

static void make_image(void)
{
    shell_run(
        "truncate -s 64M esp.img boot.img && mkfs.vfat -i 1234ABCD -n UEFI esp.img >/dev/null"
        " && MTOOLS_SKIP_CHECK=1 mcopy -s -i esp.img esp/* ::/ &&"
        " mke2fs -q -t ext4 -L BOOT -U 6f6b5c0e-0f0e-4e6b-8d43-0d6d2a8a1b11 -d boot boot.img &&"
        " truncate -s 160M disk.img && sgdisk -n 15:1M:+64M -t 15:EF00"
        " -u 15:11111111-2222-3333-4444-555555555555 -n 16:66M:+64M -n 1:131M:+8M disk.img"
        " >/dev/null && dd if=esp.img of=disk.img bs=1M seek=1 conv=notrunc status=none &&"
        " dd if=boot.img of=disk.img bs=1M seek=66 conv=notrunc status=none");
}

static void make_description(void)
{
    shell_run("cat >volumes.json <<'END'\n"
              "[{\"partition\": 1, \"uuid\": \"\", \"label\": \"\", \"file_system\": \"\","
              " \"folder\": \"\", \"esp\": false,"
              " \"partition_uuid\": \"11111111-2222-3333-4444-777777777777\"},\n"
              " {\"partition\": 15, \"uuid\": \"1234-ABCD\", \"label\": \"UEFI\","
              " \"file_system\": \"fat\", \"folder\": \"esp\", \"esp\": true,"
              " \"partition_uuid\": \"11111111-2222-3333-4444-555555555555\"},\n"
              " {\"partition\": 16, \"uuid\": \"6f6b5c0e-0f0e-4e6b-8d43-0d6d2a8a1b11\","
              " \"label\": \"BOOT\", \"file_system\": \"ext2\", \"folder\": \"boot\","
              " \"esp\": false, \"partition_uuid\": \"11111111-2222-3333-4444-666666666666\"}]\n"
              "END");
}

static struct opened open_image(void)
{
    struct error err = {0};
    struct opened opened = {.disk = image_open("disk.img", NULL, &err)};

    assert_non_null(opened.disk);
    opened.table = partition_table_read(opened.disk, 0, &err);
    assert_non_null(opened.table);
    opened.files = boot_files_from_disk(opened.disk, opened.table, &err);
    assert_non_null(opened.files);
    return opened;
}

static struct opened open_folder(void)
{
    struct error err = {0};
    struct opened opened = {.files = boot_files_from_folder(".", &err)};

    if (opened.files == NULL)
        fail_msg("%s", err.message);
    return opened;
}

static void close_files(struct opened *opened)
{
    boot_files_free(opened->files);
    partition_table_free(opened->table);
    disk_free(opened->disk);
}

static void assert_volumes(struct boot_files *files)
{
    size_t esp;

    assert_int_equal(boot_files_count(files), 3);
    assert_true(boot_files_esp(files, &esp));
    assert_int_equal(esp, 1);
    const struct boot_volume *volume = boot_files_volume(files, 1);
    assert_int_equal(volume->partition, 15);
    assert_string_equal(volume->uuid, "1234-ABCD");
    assert_string_equal(volume->label, "UEFI");
    assert_string_equal(volume->file_system, "fat");
    assert_string_equal(volume->partition_uuid, "11111111-2222-3333-4444-555555555555");
    volume = boot_files_volume(files, 2);
    assert_int_equal(volume->partition, 16);
    assert_string_equal(volume->uuid, "6f6b5c0e-0f0e-4e6b-8d43-0d6d2a8a1b11");
    assert_string_equal(volume->label, "BOOT");
    assert_string_equal(volume->file_system, "ext2");
    assert_false(volume->is_esp);
    assert_null(boot_files_volume(files, 0)->file_system);
}

static void assert_kind(struct boot_files *files, size_t volume, const char *path,
                        enum boot_file_kind expected, uint64_t size_bytes)
{
    struct error err = {0};
    enum boot_file_kind kind;
    uint64_t size = 0;

    if (!boot_files_lookup(files, volume, path, &kind, &size, &err))
        fail_msg("%s: %s", path, err.message);
    assert_int_equal(kind, expected);
    if (kind == BOOT_FILE_REGULAR)
        assert_int_equal(size, size_bytes);
}

static void assert_lookups(struct boot_files *files)
{
    assert_kind(files, 1, "/EFI/BOOT/BOOTX64.EFI", BOOT_FILE_REGULAR, 2000001);
    assert_kind(files, 1, "//efi/boot/bootx64.efi", BOOT_FILE_REGULAR, 2000001);
    assert_kind(files, 1, "/EFI/Ubuntu/", BOOT_FILE_DIRECTORY, 0);
    assert_kind(files, 1, "/EFI/debian/grub.cfg", BOOT_FILE_NONE, 0);
    assert_kind(files, 1, "EFI", BOOT_FILE_NONE, 0);
    assert_kind(files, 2, "/vmlinuz", BOOT_FILE_REGULAR, 3000007);
    assert_kind(files, 2, "/absolute", BOOT_FILE_REGULAR, 3000007);
    assert_kind(files, 2, "/VMLINUZ", BOOT_FILE_NONE, 0);
    assert_kind(files, 2, "/vmlinuz/x", BOOT_FILE_NONE, 0);
    assert_kind(files, 2, "/outside", BOOT_FILE_NONE, 0);
    assert_kind(files, 2, "/loop", BOOT_FILE_NONE, 0);
    assert_kind(files, 2, "/empty", BOOT_FILE_REGULAR, 0);
    assert_kind(files, 0, "/vmlinuz", BOOT_FILE_NONE, 0);
}

static void assert_sum(const char *tool, const char *path, const uint8_t *digest, size_t size)
{
    OWNED_PTR(char) expected = shell_output("%s <%s", tool, path);
    char text[2 * DIGEST_MAX_BYTES + 1];

    hex_encode(digest, size, text);
    assert_memory_equal(expected, text, 2 * size);
}

static void assert_digest(struct boot_files *files, size_t volume, const char *path,
                          const char *source)
{
    struct error err = {0};
    struct digest_set first, second;

    if (!boot_files_digest(files, volume, path, &first, &err) ||
        !boot_files_digest(files, volume, path, &second, &err))
        fail_msg("%s: %s", path, err.message);
    assert_true(digest_set_equal(&first, &second));
    assert_sum("sha1sum", source, first.sha1, sizeof(first.sha1));
    assert_sum("sha256sum", source, first.sha256, sizeof(first.sha256));
    assert_sum("sha384sum", source, first.sha384, sizeof(first.sha384));
}

static bool count_name(void *context, const char *name)
{
    size_t *count = context;

    assert_string_not_equal(name, ".");
    (*count)++;
    return true;
}

static void assert_content(struct boot_files *files)
{
    struct error err = {0};
    struct digest_set digests;
    size_t names = 0;

    assert_digest(files, 1, "/EFI/BOOT/BOOTX64.EFI", "esp/EFI/BOOT/BOOTX64.EFI");
    assert_digest(files, 2, "/vmlinuz", "boot/vmlinuz-1");
    assert_digest(files, 2, "/empty", "boot/empty");
    OWNED(bytes) cfg = boot_files_read(files, 2, "/grub/grub.cfg", FILE_LIMIT, &err);
    assert_non_null(cfg);
    assert_memory_equal(cfg->data, "a b\n", 4);
    assert_null(boot_files_read(files, 2, "/vmlinuz", 3000006, &err));
    assert_null(boot_files_read(files, 2, "/grub", FILE_LIMIT, &err));
    assert_null(boot_files_read(files, 2, "/nothing", FILE_LIMIT, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_false(boot_files_digest(files, 0, "/vmlinuz", &digests, &err));
    assert_true(boot_files_list(files, 1, "/EFI", count_name, &names, &err));
    assert_int_equal(names, 2);
    assert_false(boot_files_list(files, 2, "/vmlinuz", count_name, &names, &err));
}

/* With zeros up to the next multiple of 4 between two files, and none behind the last. */
static void assert_joined(struct boot_files *files)
{
    static const struct boot_file parts[] = {
        {1, "/EFI/BOOT/BOOTX64.EFI"}, {1, "/EFI/ubuntu/grub.cfg"}, {2, "/vmlinuz"}, {2, "/empty"}};
    struct error err = {0};
    struct digest_set digests;

    shell_run("cat esp/EFI/BOOT/BOOTX64.EFI >joined && truncate -s %%4 joined &&"
              " cat esp/EFI/ubuntu/grub.cfg >>joined && truncate -s %%4 joined &&"
              " cat boot/vmlinuz-1 >>joined");
    assert_true(boot_files_digest_joined(files, parts, 3, &digests, &err));
    assert_sum("sha256sum", "joined", digests.sha256, sizeof(digests.sha256));
    shell_run("truncate -s %%4 joined");
    assert_true(boot_files_digest_joined(files, parts, 4, &digests, &err));
    assert_sum("sha256sum", "joined", digests.sha256, sizeof(digests.sha256));
}

static void assert_all(struct opened opened)
{
    assert_volumes(opened.files);
    assert_lookups(opened.files);
    assert_content(opened.files);
    assert_joined(opened.files);
    close_files(&opened);
}

static void test_image_and_folder(void **state)
{
    (void)state;
    make_trees();
    make_image();
    make_description();
    assert_all(open_image());
    assert_all(open_folder());
}

static void assert_description_refused(const char *text, const char *reason)
{
    struct error err = {0};

    shell_run("printf '%%s' '%s' >volumes.json", text);
    assert_null(boot_files_from_folder(".", &err));
    if (strstr(err.message, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.message, reason);
}

static void test_bad_descriptions(void **state)
{
    struct error err = {0};

    (void)state;
    assert_null(boot_files_from_folder("nowhere", &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_null(boot_files_from_folder(".", &err));
    assert_description_refused("{}", "not an array");
    assert_description_refused("[]", "not an array");
    assert_description_refused("[{\"partition\": 1}]", "uuid");
    assert_description_refused(
        "[{\"partition\": 129, \"uuid\": \"\", \"label\": \"\", \"file_system\": \"\", \"esp\": "
        "true, \"folder\": \"\", \"partition_uuid\": \"11111111-2222-3333-4444-555555555555\"}]",
        "is none");
    assert_description_refused(
        "[{\"partition\": 1, \"uuid\": \"\", \"label\": \"\", \"file_system\": \"fat\", \"esp\": "
        "true, \"folder\": \"x\", \"partition_uuid\": \"11111111-2222-3333-4444-555555555555\"}]",
        "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(test_image_and_folder),
        SHELL_TEST(test_bad_descriptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
