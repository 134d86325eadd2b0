/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's prefix in made-up images, the boot files of ESPs of several layouts, and the field in
 * grub.cfg. Real signed GRUBs are read by tests/integration/boot-side.sh. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/grub.h"
#include "core/writer.h"
#include "image/open.h"
#include "made_pe.h"
#include "shell.h"

#define ZERO_UUID "00000000-0000-0000-0000-000000000000"
#define ZERO_PIN "0000000000000000000000000000000000000000000000000000000000000000"
#define UUID "12345678-9abc-4def-8123-456789abcdef"
#define FORMAT_LINE "# coldseal grub.cfg format 1\n"
#define UNSET "set coldseal_uuid=" ZERO_UUID "\nset coldseal_pin=" ZERO_PIN "\n"

/* An EFI image as grub-mkimage lays it out: one section "mods". */
struct made_image {
    uint32_t first_type; /* of a module before the prefix */
    uint32_t first_size; /* as its header says; 0: right */
    uint32_t magic;
    uint64_t offset;
    uint64_t size_change; /* added to the size of all modules */
    const char *prefix;   /* NULL: none */
    size_t prefix_bytes;
    const char *section;
};

#define GOOD                                                                            \
    {                                                                                   \
        .magic = 0x676d696d, .offset = 24, .prefix = "/EFI/ubuntu", .prefix_bytes = 12, \
        .section = "mods"                                                               \
    }

static struct bytes *make_image(const struct made_image *made)
{
    uint8_t mods[128] = {0};
    size_t modules = 8 + 8 + (made->prefix == NULL ? 0 : 8 + made->prefix_bytes);
    struct writer w = writer_over(mods, sizeof(mods));

    write_u32le(&w, made->magic);
    write_u32le(&w, 0);
    write_u64le(&w, made->offset);
    write_u64le(&w, made->offset + modules + made->size_change);
    write_u32le(&w, made->first_type);
    write_u32le(&w, made->first_size == 0 ? 16 : made->first_size);
    write_bytes(&w, "module!!", 8);
    if (made->prefix != NULL) {
        write_u32le(&w, 3);
        write_u32le(&w, (uint32_t)(8 + made->prefix_bytes));
        write_bytes(&w, made->prefix, made->prefix_bytes);
    }
    assert_false(w.failed);
    return make_pe(true, &(struct made_section){made->section, mods, sizeof(mods), 0}, 1);
}

static void test_prefix(void **state)
{
    struct error err = {0};
    OWNED(bytes) image = make_image(&(struct made_image)GOOD);

    (void)state;
    OWNED_PTR(char) prefix = grub_image_prefix(image, &err);
    if (prefix == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(prefix, "/EFI/ubuntu");
}

static void expect_no_prefix(const struct made_image *made, const char *words)
{
    struct error err = {0};
    OWNED(bytes) image = make_image(made);

    assert_null(grub_image_prefix(image, &err));
    if (err.code != COLDSEAL_BAD_IMAGE || strstr(err.message, words) == NULL)
        fail_msg("%s: %s", words, err.message);
}

static void test_hostile_images(void **state)
{
    struct made_image made;

    (void)state;
    made = (struct made_image)GOOD;
    made.magic++;
    expect_no_prefix(&made, "modules are damaged");
    made = (struct made_image)GOOD;
    made.offset = UINT64_MAX;
    expect_no_prefix(&made, "modules are damaged");
    made = (struct made_image)GOOD;
    made.size_change = 512;
    expect_no_prefix(&made, "modules are damaged");
    made = (struct made_image)GOOD;
    made.section = "mods2";
    expect_no_prefix(&made, "no section");
    made = (struct made_image)GOOD;
    made.prefix = NULL;
    expect_no_prefix(&made, "no prefix");
    made = (struct made_image)GOOD;
    made.prefix_bytes = 11; /* without its NUL */
    expect_no_prefix(&made, "has no end");
    made = (struct made_image)GOOD;
    made.prefix = "";
    made.prefix_bytes = 1;
    expect_no_prefix(&made, "empty");
    /* Modules of no length, shorter than their header, longer than the rest. */
    made = (struct made_image)GOOD;
    made.first_size = 7;
    expect_no_prefix(&made, "no prefix");
    made.first_size = 1;
    expect_no_prefix(&made, "no prefix");
    made.first_size = UINT32_MAX;
    expect_no_prefix(&made, "no prefix");
}

/* The first module that says it is the prefix counts, as in GRUB. */
static void test_prefix_type_comes_first(void **state)
{
    struct error err = {0};
    struct made_image made = GOOD;

    (void)state;
    made.first_type = 3;
    OWNED(bytes) image = make_image(&made);
    assert_null(grub_image_prefix(image, &err)); /* "module!!" has no end */
}

static void test_images_cut_off(void **state)
{
    OWNED(bytes) image = make_image(&(struct made_image)GOOD);

    (void)state;
    for (size_t size = 0; size < image->size; size++) {
        struct error err = {0};
        OWNED(bytes) cut = bytes_copy(image->data, size, &err);
        OWNED_PTR(char) prefix = grub_image_prefix(cut, &err);
        assert_null(prefix);
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    }
}

/* ESPs */

static void write_image(const char *path, const char *prefix)
{
    struct made_image made = GOOD;

    made.prefix = prefix;
    made.prefix_bytes = strlen(prefix) + 1;
    OWNED(bytes) image = make_image(&made);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(image->data, 1, image->size, file), image->size);
    assert_int_equal(fclose(file), 0);
}

/* An ESP with these files; every GRUB's prefix is /EFI/ubuntu. */
static void make_esp(const char *paths)
{
    write_image("grub", "/EFI/ubuntu");
    shell_run("rm -rf esp vol; mkdir esp; mkfs.vfat -F 16 -C vol 20000;"
              "for f in %s; do mkdir -p esp/$(dirname $f); cp grub esp/$f; done;"
              "cd esp && MTOOLS_SKIP_CHECK=1 mcopy -i ../vol -s * ::/",
              paths);
}

static bool find_files(struct esp_files *files, struct error *err)
{
    OWNED_FD fd = open("vol", O_RDONLY | O_CLOEXEC);
    OWNED(disk) disk = raw_open(fd, false, err);
    OWNED(fat) fat = fat_open(disk, 0, disk_size(disk), err);

    assert_non_null(fat);
    return esp_find_files(fat, files, err);
}

struct esp_case {
    const char *paths;
    struct esp_files expected;
};
#define UBUNTU_CFG "/EFI/ubuntu/grub.cfg"
#define VENDOR " EFI/ubuntu/shimx64.efi EFI/ubuntu/grubx64.efi EFI/ubuntu/mmx64.efi"
static const struct esp_case esp_cases[] = {
    {"EFI/BOOT/BOOTX64.EFI EFI/BOOT/grubx64.efi",
     {"/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi", UBUNTU_CFG, "", false}},
    {"EFI/BOOT/BOOTX64.EFI EFI/BOOT/grubx64.efi" VENDOR,
     {"/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi", UBUNTU_CFG, "/EFI/ubuntu", false}},
    {"EFI/BOOT/BOOTX64.EFI EFI/BOOT/fbx64.efi EFI/BOOT/mmx64.efi" VENDOR,
     {"/EFI/BOOT/BOOTX64.EFI", "/EFI/ubuntu/grubx64.efi", UBUNTU_CFG, "/EFI/ubuntu", true}},
    {"EFI/BOOT/BOOTX64.EFI EFI/BOOT/fbx64.efi EFI/BOOT/grubx64.efi" VENDOR,
     {"/EFI/BOOT/BOOTX64.EFI", "/EFI/ubuntu/grubx64.efi", UBUNTU_CFG, "/EFI/ubuntu", true}},
    {"EFI/BOOT/BOOTX64.EFI" VENDOR,
     {"/EFI/BOOT/BOOTX64.EFI", "/EFI/ubuntu/grubx64.efi", UBUNTU_CFG, "/EFI/ubuntu", false}},
    {"EFI/BOOT/BOOTX64.EFI EFI/BOOT/grubx64.efi EFI/debian/shimx64.efi "
     "EFI/debian/grubx64.efi" VENDOR,
     {"/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/grubx64.efi", UBUNTU_CFG, "/EFI/ubuntu", false}},
    {"EFI/BOOT/BOOTAA64.EFI EFI/BOOT/grubaa64.efi",
     {"/EFI/BOOT/BOOTAA64.EFI", "/EFI/BOOT/grubaa64.efi", UBUNTU_CFG, "", false}},
    {"EFI/BOOT/BOOTX64.EFI EFI/Linux/uki.efi", {"/EFI/BOOT/BOOTX64.EFI", "", "", "", false}},
    {"EFI/ubuntu/shimx64.efi EFI/ubuntu/grubx64.efi", {"", "", "", "", false}},
    {"readme", {"", "", "", "", false}},
};

static void test_files_of_an_esp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(esp_cases) / sizeof(esp_cases[0]); i++) {
        struct error err = {0};
        struct esp_files files;
        const struct esp_files *expected = &esp_cases[i].expected;
        make_esp(esp_cases[i].paths);
        if (!find_files(&files, &err))
            fail_msg("%s: %s", esp_cases[i].paths, err.message);
        assert_string_equal(files.shim, expected->shim);
        assert_string_equal(files.grub, expected->grub);
        assert_string_equal(files.grub_cfg, expected->grub_cfg);
        assert_string_equal(files.vendor_dir, expected->vendor_dir);
        assert_int_equal(files.has_fallback, expected->has_fallback);
    }
}

static void test_esps_that_are_refused(void **state)
{
    struct error err = {0};
    struct esp_files files;

    (void)state;
    make_esp("EFI/BOOT/BOOTX64.EFI EFI/BOOT/fbx64.efi EFI/debian/shimx64.efi"
             " EFI/debian/grubx64.efi" VENDOR);
    assert_false(find_files(&files, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_non_null(strstr(err.message, "/EFI/debian"));
    make_esp("EFI/BOOT/BOOTX64.EFI EFI/BOOT/grubx64.efi");
    write_image("other", "(memdisk)/boot/grub");
    shell_run("MTOOLS_SKIP_CHECK=1 mcopy -o -i vol other ::/EFI/BOOT/grubx64.efi");
    assert_false(find_files(&files, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_non_null(strstr(err.message, "(memdisk)"));
    shell_run("head -c 4000 /dev/urandom >other;"
              "MTOOLS_SKIP_CHECK=1 mcopy -o -i vol other ::/EFI/BOOT/grubx64.efi");
    assert_false(find_files(&files, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

/* The field */

static bool read_field(const char *text, struct grub_field *field, bool *present, struct error *err)
{
    OWNED(bytes) file = bytes_copy(text, strlen(text), err);

    assert_non_null(file);
    return grub_field_read(file, field, present, err);
}

static void test_field_read(void **state)
{
    struct error err = {0};
    struct grub_field field;
    bool present;
    const char *unset = FORMAT_LINE UNSET "linux x coldseal.uuid=$coldseal_uuid\n";
    const char *set = FORMAT_LINE "# x\nset coldseal_pin="
                                  "ab00000000000000000000000000000000000000000000000000000000000001"
                                  "\n\nset coldseal_uuid=" UUID;

    (void)state;
    assert_true(read_field(unset, &field, &present, &err) && present);
    assert_false(field.is_set);
    assert_string_equal(field.luks_uuid, ZERO_UUID);
    assert_memory_equal(unset + field.uuid_offset, ZERO_UUID, 36);
    assert_memory_equal(unset + field.pin_offset, ZERO_PIN, 64);
    assert_true(read_field(set, &field, &present, &err) && present && field.is_set);
    assert_string_equal(field.luks_uuid, UUID);
    assert_int_equal(field.pin[0], 0xab);
    assert_int_equal(field.pin[31], 0x01);
    assert_true(read_field("search.fs_uuid x root\n" UNSET, &field, &present, &err) && !present);
    assert_true(read_field("", &field, &present, &err) && !present);
    assert_true(read_field(" " FORMAT_LINE UNSET, &field, &present, &err) && !present);
}

struct field_defect {
    const char *text;
    enum coldseal_code code;
    const char *words;
};
static const struct field_defect field_defects[] = {
    {"# coldseal grub.cfg format 2\n" UNSET, COLDSEAL_UNSUPPORTED, "format"},
    {"# coldseal grub.cfg format 12\n" UNSET, COLDSEAL_UNSUPPORTED, "format"},
    {"# coldseal grub.cfg format 1\r\n" UNSET, COLDSEAL_UNSUPPORTED, "format"},
    {FORMAT_LINE, COLDSEAL_BAD_IMAGE, "0 lines with \"set coldseal_uuid=\""},
    {FORMAT_LINE UNSET "set coldseal_uuid=" UUID "\n", COLDSEAL_BAD_IMAGE, "2 lines"},
    {FORMAT_LINE UNSET "set coldseal_pin=" ZERO_PIN "\n", COLDSEAL_BAD_IMAGE, "2 lines"},
    {FORMAT_LINE UNSET "set coldseal_pin=00\n", COLDSEAL_BAD_IMAGE, "64 characters"},
    {FORMAT_LINE "set coldseal_uuid=" ZERO_UUID "0\nset coldseal_pin=" ZERO_PIN "\n",
     COLDSEAL_BAD_IMAGE, "36 characters"},
    {FORMAT_LINE "set coldseal_uuid=" ZERO_UUID "\nset coldseal_pin=" ZERO_PIN "\r\n",
     COLDSEAL_BAD_IMAGE, "64 characters"},
    {FORMAT_LINE
     "set coldseal_uuid=12345678-9ABC-4def-8123-456789abcdef\nset coldseal_pin=" ZERO_PIN,
     COLDSEAL_BAD_IMAGE, "no UUID"},
    {FORMAT_LINE
     "set coldseal_uuid=$(reboot)xxxxxxxxxxxxxxxxxxxxxxxxxxx\nset coldseal_pin=" ZERO_PIN,
     COLDSEAL_BAD_IMAGE, "no UUID"},
    {FORMAT_LINE "set coldseal_uuid=" UUID "\nset coldseal_pin=" ZERO_PIN, COLDSEAL_BAD_IMAGE,
     "only one"},
    {FORMAT_LINE "set coldseal_uuid=" ZERO_UUID "\nset coldseal_pin="
                 "zz00000000000000000000000000000000000000000000000000000000000001",
     COLDSEAL_BAD_IMAGE, "hexadecimal"},
    {FORMAT_LINE "set coldseal_uuid=" ZERO_UUID "\nset coldseal_pin="
                 "AB00000000000000000000000000000000000000000000000000000000000001",
     COLDSEAL_BAD_IMAGE, "hexadecimal"},
};

static void test_hostile_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(field_defects) / sizeof(field_defects[0]); i++) {
        struct error err = {0};
        struct grub_field field;
        bool present;
        assert_false(read_field(field_defects[i].text, &field, &present, &err));
        if (err.code != field_defects[i].code ||
            strstr(err.message, field_defects[i].words) == NULL)
            fail_msg("%zu: code %d, %s", i, err.code, err.message);
    }
}

static bool write_field(const char *uuid, const uint8_t pin[PIN_BYTES], struct error *err)
{
    OWNED_FD fd = open("vol", O_RDWR | O_CLOEXEC);
    OWNED(disk) disk = raw_open(fd, true, err);
    OWNED(fat) fat = fat_open(disk, 0, disk_size(disk), err);

    assert_non_null(fat);
    return grub_field_write(fat, UBUNTU_CFG, uuid, pin, err);
}

/* mtype shows what sed makes of the same file. */
static void test_field_write(void **state)
{
    struct error err = {0};
    uint8_t pin[PIN_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(pin); i++)
        pin[i] = (uint8_t)(0xa0 + i);
    make_esp("EFI/BOOT/BOOTX64.EFI");
    shell_run("printf '%%s\\n' '# coldseal grub.cfg format 1' 'set coldseal_uuid=" ZERO_UUID
              "' 'set coldseal_pin=" ZERO_PIN "' 'boot' >grub.cfg && export MTOOLS_SKIP_CHECK=1 &&"
              "mmd -i vol ::/EFI/ubuntu && mcopy -i vol grub.cfg ::" UBUNTU_CFG " &&"
              "sed 's/uuid=.*/uuid=" UUID "/;s/pin=.*/pin=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
              "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf/' grub.cfg >expected && cp vol before");
    if (!write_field(UUID, pin, &err))
        fail_msg("%s", err.message);
    shell_run("MTOOLS_SKIP_CHECK=1 mcopy -i vol ::" UBUNTU_CFG " got && cmp got expected &&"
              "test $(cmp -l before vol | wc -l) = $(cmp -l grub.cfg expected | wc -l)");
    assert_false(write_field("12345678", pin, &err));
    assert_false(write_field("12345678-9ABC-4def-8123-456789abcdef", pin, &err));
    shell_run("echo other >grub.cfg;"
              "MTOOLS_SKIP_CHECK=1 mcopy -o -i vol grub.cfg ::" UBUNTU_CFG);
    assert_false(write_field(UUID, pin, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_hostile_images),
        cmocka_unit_test(test_prefix_type_comes_first),
        cmocka_unit_test(test_images_cut_off),
        SHELL_TEST(test_files_of_an_esp),
        SHELL_TEST(test_esps_that_are_refused),
        cmocka_unit_test(test_field_read),
        cmocka_unit_test(test_hostile_fields),
        SHELL_TEST(test_field_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
