/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up PE images, whole and damaged. Real ones are read by tests/integration/authenticode.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/pe.h"
#include "made_pe.h"

#define SECTIONS 3
static const struct made_section sections[SECTIONS] = {
    {".text", "code", 4, 0},
    {".longname", "second", 6, 3},
    {".bss", NULL, 0, 4096},
};

static void expect_content(const struct pe *pe, const char *name, const char *content)
{
    const struct pe_section *section = pe_section_find(pe, name);

    assert_non_null(section);
    struct reader r = pe_section_content(pe, section);
    assert_int_equal(r.size, strlen(content));
    assert_int_equal(r.position, 0);
    assert_memory_equal(r.data, content, r.size);
}

static void check_image(bool is_plus)
{
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = make_pe(is_plus, sections, SECTIONS);

    patch_u16(file, MADE_PE_OPTIONAL + 44, 3);
    patch_u16(file, MADE_PE_OPTIONAL + 46, 7);
    if (!pe_parse(file, &pe, &err))
        fail_msg("%s", err.message);
    assert_int_equal(pe.is_plus, is_plus);
    assert_int_equal(pe.machine, is_plus ? 0x8664 : 0x14c);
    assert_int_equal(pe.image_version_major, 3);
    assert_int_equal(pe.image_version_minor, 7);
    assert_int_equal(pe.headers_size, 512);
    assert_int_equal(pe.checksum_offset, MADE_PE_CHECKSUM);
    assert_int_equal(pe.security_entry_offset, MADE_PE_SECURITY_ENTRY - (is_plus ? 0 : 16));
    assert_int_equal(pe.section_count, SECTIONS);
    expect_content(&pe, ".text", "code");
    expect_content(&pe, ".longnam", "sec"); /* shorter in memory than in the file */
    expect_content(&pe, ".bss", "");
    assert_int_equal(pe.sections[2].virtual_size, 4096);
    assert_null(pe_section_find(&pe, ".longname"));
    assert_null(pe_section_find(&pe, ".tex"));
}

static void test_images(void **state)
{
    (void)state;
    check_image(true);
    check_image(false);
}

/* Names in the string table behind the symbols: the file's end, here. */
static void test_long_names(void **state)
{
    struct error err = {0};
    struct pe pe;
    static const struct made_section rows[] = {
        {"/4", "a", 1, 0},     {"/17", "b", 1, 0}, {"/23", "c", 1, 0},
        {"/99999", "d", 1, 0}, {"/4x", "e", 1, 0}, {"/", "f", 1, 0},
    };
    static const char strings[] = "\x20\0\0\0.vendor_cert\0.sbat\0cut off at the end";
    OWNED(bytes) image = make_pe(true, rows, 6);
    OWNED(bytes) file = bytes_new(image->size + 18 + sizeof(strings) - 1, &err);

    (void)state;
    assert_non_null(file);
    memcpy(file->data, image->data, image->size);
    memcpy(file->data + image->size + 18, strings, sizeof(strings) - 1);
    patch_u32(file, MADE_PE_SIGNATURE + 12, (uint32_t)image->size);
    patch_u32(file, MADE_PE_SIGNATURE + 16, 1);
    assert_true(pe_parse(file, &pe, &err));
    expect_content(&pe, ".vendor_cert", "a");
    expect_content(&pe, "/17", "b"); /* ".sbat" would have fitted into the table */
    expect_content(&pe, "/23", "c");
    expect_content(&pe, "/99999", "d");
    expect_content(&pe, "/4x", "e");
    expect_content(&pe, "/", "f");
    patch_u32(file, MADE_PE_SIGNATURE + 16, 0xffffffff);
    assert_true(pe_parse(file, &pe, &err));
    expect_content(&pe, "/4", "a");
}

static void test_virtual_size_of_zero(void **state)
{
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = make_pe(true, sections, SECTIONS);

    (void)state;
    patch_u32(file, MADE_PE_SECTIONS + MADE_PE_VIRTUAL_SIZE, 0);
    assert_true(pe_parse(file, &pe, &err));
    assert_int_equal(pe_section_content(&pe, &pe.sections[0]).size, MADE_PE_ALIGNMENT);
}

static void test_security_entry(void **state)
{
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = make_pe(true, sections, SECTIONS);

    (void)state;
    /* What it says is for those to check who follow it. */
    patch_u32(file, MADE_PE_SECURITY_ENTRY, 0xfffffff0);
    patch_u32(file, MADE_PE_SECURITY_ENTRY + 4, 0xffffffff);
    assert_true(pe_parse(file, &pe, &err));
    assert_int_equal(pe.security_offset, 0xfffffff0);
    assert_int_equal(pe.security_size, 0xffffffff);
    patch_u32(file, MADE_PE_DIRECTORY_COUNT, 4);
    assert_true(pe_parse(file, &pe, &err));
    assert_int_equal(pe.security_entry_offset, 0);
    assert_int_equal(pe.security_size, 0);
}

struct defect {
    size_t offset;
    uint32_t value;
    bool is_u16;
    const char *words;
};
#define ROW(n) (MADE_PE_SECTIONS + (n)*MADE_PE_SECTION_BYTES)
static const struct defect defects[] = {
    {0, 0x4d5a, true, "no PE header"},
    {0x3c, 0xffffffff, false, "no PE header"},
    {0x3c, 0, false, "no PE header"},
    {MADE_PE_SIGNATURE, 0x4551, false, "no PE header"},
    {MADE_PE_OPTIONAL, 0x107, true, "optional header"},
    {MADE_PE_OPTIONAL_SIZE, 0, true, "optional header"},
    {MADE_PE_OPTIONAL_SIZE, 0xffff, true, "optional header"},
    /* up to the certificate table's entry, but not all of it */
    {MADE_PE_OPTIONAL_SIZE, 151, true, "optional header"},
    {MADE_PE_SECTION_COUNT, 97, true, "too many sections"},
    {MADE_PE_SECTION_COUNT, 0xffff, true, "too many sections"},
    {MADE_PE_HEADERS_SIZE, 0, false, "wrong size"},
    {MADE_PE_HEADERS_SIZE, 0xffffffff, false, "wrong size"},
    /* the table's last byte is outside */
    {MADE_PE_HEADERS_SIZE, ROW(SECTIONS) - 1, false, "wrong size"},
    {ROW(0) + MADE_PE_RAW_OFFSET, 0xffffffff, false, "outside the file"},
    {ROW(0) + MADE_PE_RAW_SIZE, 0xffffffff, false, "outside the file"},
    {ROW(1) + MADE_PE_RAW_OFFSET, 1025, false, "outside the file"},
    {ROW(2) + MADE_PE_RAW_SIZE, 1537, false, "outside the file"},
};

static void test_hostile_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
        struct error err = {0};
        struct pe pe;
        OWNED(bytes) file = make_pe(true, sections, SECTIONS);
        if (defects[i].is_u16)
            patch_u16(file, defects[i].offset, (uint16_t)defects[i].value);
        else
            patch_u32(file, defects[i].offset, defects[i].value);
        if (pe_parse(file, &pe, &err) || err.code != COLDSEAL_BAD_IMAGE ||
            strstr(err.message, defects[i].words) == NULL)
            fail_msg("defect %zu: %s", i, err.message);
    }
}

static void test_images_cut_off(void **state)
{
    OWNED(bytes) file = make_pe(true, sections, SECTIONS);

    (void)state;
    for (size_t size = 0; size < file->size; size++) {
        struct error err = {0};
        struct pe pe;
        OWNED(bytes) cut = bytes_copy(file->data, size, &err);
        assert_false(pe_parse(cut, &pe, &err));
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_virtual_size_of_zero),
        cmocka_unit_test(test_security_entry),
        cmocka_unit_test(test_hostile_images),
        cmocka_unit_test(test_images_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
