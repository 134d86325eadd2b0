/* SPDX-License-Identifier: Apache-2.0 */
/* Shims made up of sections. Signed ones are read by tests/integration/shim.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/shim.h"
#include "core/writer.h"
#include "made_pe.h"

#define SBAT_TEXT "sbat,1,x,x,1,x\nshim,4,x,x,1,x\n"
#define IDENT_16_1 "UEFI SHIM\n$Version: 16.1 $\n$BuildMachine: x $\n"
#define IDENT_15_6 "UEFI SHIM\n$Version: 15.6 $\n"

/* Everything that a shim has; sizes of 0 leave a section out. */
struct made_shim {
    uint8_t keys[256];
    size_t keys_size;
    uint8_t levels[256];
    size_t levels_size;
    const char *sbat;
    const char *ident;
};

static void write_keys(struct made_shim *made, uint32_t db_size, uint32_t dbx_size,
                       uint32_t db_offset, uint32_t dbx_offset)
{
    struct writer w = writer_over(made->keys, sizeof(made->keys));

    write_u32le(&w, db_size);
    write_u32le(&w, dbx_size);
    write_u32le(&w, db_offset);
    write_u32le(&w, dbx_offset);
    write_bytes(&w,
                "\x30\x82\x00\x04"
                "cert"
                "deny list",
                17);
    made->keys_size = w.position;
}

static void write_levels(struct made_shim *made, uint32_t format, uint32_t automatic,
                         uint32_t latest)
{
    struct writer w = writer_over(made->levels, sizeof(made->levels));

    write_u32le(&w, format);
    write_u32le(&w, automatic);
    write_u32le(&w, latest);
    write_bytes(&w, "sbat,1,1\n\0sbat,1,2\nshim,2\n", 27);
    made->levels_size = w.position;
}

static struct made_shim good_shim(void)
{
    struct made_shim made = {.sbat = SBAT_TEXT, .ident = IDENT_16_1};

    write_keys(&made, 8, 9, 16, 24);
    write_levels(&made, 0, 8, 18);
    return made;
}

/* The names that a section table cannot hold are in a string table at the end. */
static struct bytes *make_shim(const struct made_shim *made)
{
    struct error err = {0};
    static const char strings[] = "xxxx.vendor_cert\0.data.ident\0.sbatlevel";
    struct made_section sections[4];
    size_t count = 0;

    if (made->keys_size > 0)
        sections[count++] = (struct made_section){"/4", made->keys, made->keys_size, 0};
    if (made->ident != NULL)
        sections[count++] = (struct made_section){"/17", made->ident, strlen(made->ident), 0};
    if (made->levels_size > 0)
        sections[count++] = (struct made_section){"/29", made->levels, made->levels_size, 0};
    if (made->sbat != NULL)
        sections[count++] = (struct made_section){".sbat", made->sbat, strlen(made->sbat), 0};
    OWNED(bytes) image = make_pe(true, sections, count);
    struct bytes *file = bytes_new(image->size + sizeof(strings), &err);
    assert_non_null(file);
    memcpy(file->data, image->data, image->size);
    memcpy(file->data + image->size, strings, sizeof(strings));
    patch_u32(file, MADE_PE_SIGNATURE + 12, (uint32_t)image->size);
    return file;
}

static struct shim_facts *read_shim(const struct made_shim *made, struct error *err)
{
    struct pe pe;
    OWNED(bytes) file = make_shim(made);

    assert_true(pe_parse(file, &pe, err));
    assert_int_equal(shim_recognise(&pe), made->keys_size > 0);
    return shim_read(&pe, err);
}

static void test_shim(void **state)
{
    struct error err = {0};
    struct made_shim made = good_shim();

    (void)state;
    OWNED(shim_facts) facts = read_shim(&made, &err);
    if (facts == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(facts->vendor_db->size, 8);
    assert_memory_equal(facts->vendor_db->data + 4, "cert", 4);
    assert_false(facts->vendor_db_is_list);
    assert_int_equal(facts->vendor_dbx->size, 9);
    assert_memory_equal(facts->vendor_dbx->data, "deny list", 9);
    assert_string_equal(facts->sbat, SBAT_TEXT);
    assert_string_equal(facts->sbat_level_automatic, "sbat,1,1\n");
    assert_string_equal(facts->sbat_level_latest, "sbat,1,2\nshim,2\n");
    assert_int_equal(facts->version_major, 16);
    assert_int_equal(facts->version_minor, 1);
}

static void test_vendor_db(void **state)
{
    struct error err = {0};
    struct made_shim made = good_shim();

    (void)state;
    /* seven bytes: the certificate would need eight */
    write_keys(&made, 7, 0, 16, 0);
    OWNED(shim_facts) facts = read_shim(&made, &err);
    assert_non_null(facts);
    assert_true(facts->vendor_db_is_list);
    assert_null(facts->vendor_dbx);
}

static void test_nothing_built_in(void **state)
{
    struct error err = {0};
    struct made_shim made = good_shim();

    (void)state;
    write_keys(&made, 0, 0, 0xffffffff, 0xffffffff);
    made.levels_size = 0;
    made.sbat = NULL;
    made.ident = "UEFI SHIM\n$Version: of mine $\n";
    OWNED(shim_facts) facts = read_shim(&made, &err);
    assert_non_null(facts);
    assert_null(facts->vendor_db);
    assert_false(facts->vendor_db_is_list);
    assert_null(facts->vendor_dbx);
    assert_null(facts->sbat);
    assert_null(facts->sbat_level_automatic);
    assert_int_equal(facts->version_major, 0);
}

/* shim 15.6, include/sbat.h */
static void test_levels_of_15_6(void **state)
{
    struct error err = {0};
    struct made_shim made = good_shim();

    (void)state;
    made.levels_size = 0;
    made.ident = IDENT_15_6;
    OWNED(shim_facts) facts = read_shim(&made, &err);
    assert_non_null(facts);
    assert_string_equal(facts->sbat_level_automatic, "sbat,1,2021030218\n");
    assert_string_equal(facts->sbat_level_latest, "sbat,1,2022052400\nshim,2\ngrub,2\n");
}

static void expect_refusal(const struct made_shim *made, enum coldseal_code code, const char *words)
{
    struct error err = {0};

    assert_null(read_shim(made, &err));
    if (err.code != code || strstr(err.message, words) == NULL)
        fail_msg("%s: code %d, %s", words, err.code, err.message);
}

static void test_hostile_shims(void **state)
{
    static const uint32_t keys[][4] = {
        {18, 0, 16, 0},         {8, 9, 16, 25},          {8, 9, 0xffffffff, 24},
        {0xffffffff, 0, 16, 0}, {8, 0xffffffff, 16, 24},
    };
    static const uint32_t levels[][2] = {{8, 0xffffffff}, {0xffffffff, 8}, {36, 8}};
    struct made_shim made;

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        made = good_shim();
        write_keys(&made, keys[i][0], keys[i][1], keys[i][2], keys[i][3]);
        expect_refusal(&made, COLDSEAL_BAD_IMAGE, "leads out of .vendor_cert");
    }
    made = good_shim();
    made.keys_size = 15;
    expect_refusal(&made, COLDSEAL_BAD_IMAGE, "cut off");
    made.keys_size = 0;
    expect_refusal(&made, COLDSEAL_BAD_IMAGE, "no section .vendor_cert");
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        made = good_shim();
        write_levels(&made, 0, levels[i][0], levels[i][1]);
        expect_refusal(&made, COLDSEAL_BAD_IMAGE, "SBAT level");
    }
    made = good_shim();
    made.levels_size--; /* the last level's NUL */
    expect_refusal(&made, COLDSEAL_BAD_IMAGE, "has no end");
    made.levels_size = 11;
    expect_refusal(&made, COLDSEAL_BAD_IMAGE, "cut off");
    made = good_shim();
    write_levels(&made, 1, 8, 18);
    expect_refusal(&made, COLDSEAL_UNSUPPORTED, "format 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shim),
        cmocka_unit_test(test_vendor_db),
        cmocka_unit_test(test_nothing_built_in),
        cmocka_unit_test(test_levels_of_15_6),
        cmocka_unit_test(test_hostile_shims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
