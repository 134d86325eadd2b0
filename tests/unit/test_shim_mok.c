/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of variables as shim 15.4 and 16.1 lay them out, and damaged ones. Those of signed shims
 * are compared with what they measured in tests/replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/shim_mok.h"
#include "core/writer.h"
#include "made_pe.h"

#define DATA_BYTES 4096
#define TABLE_OFFSET 1024

struct layout {
    size_t entry_bytes;
    size_t attributes_offset;
};
static const struct layout old_layout = {128, 96};
static const struct layout new_layout = {152, 112};

struct made_variable {
    const char *name;
    uint32_t flags;
    uint32_t pcr;
    bool addend;
};
static const struct made_variable variables[] = {
    {"MokList", 0xb, 14, true},
    {"MokListX", 0xb, 14, false},
    {"SbatLevel", 6, 7, false},
};
#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

static void put_u64(uint8_t *data, size_t offset, uint64_t value)
{
    struct writer w = writer_over(data + offset, 8);

    write_u64le(&w, value);
}

static void put_u32(uint8_t *data, size_t offset, uint32_t value)
{
    struct writer w = writer_over(data + offset, 4);

    write_u32le(&w, value);
}

/* The names lie at the start of the section, 64 bytes apart. */
static void fill(uint8_t *data, const struct layout *layout, uint64_t address)
{
    for (size_t i = 0; i < VARIABLES; i++) {
        size_t entry = TABLE_OFFSET + i * layout->entry_bytes;
        strcpy((char *)data + i * 64, variables[i].name);
        put_u64(data, entry + 8, address + i * 64);
        put_u64(data, entry + 64, variables[i].addend ? address : 0);
        put_u32(data, entry + layout->attributes_offset, 3);
        put_u32(data, entry + layout->attributes_offset + 4, 4);
        put_u32(data, entry + layout->attributes_offset + 8, variables[i].flags);
        put_u64(data, entry + layout->attributes_offset + 16, variables[i].pcr);
    }
}

/* An image twice: to learn where its data will lie, and with that. */
static struct bytes *make_shim(const struct layout *layout)
{
    uint8_t data[DATA_BYTES] = {0};
    struct made_section section = {".data", data, sizeof(data), 0};
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) first = make_pe(true, &section, 1);

    assert_true(pe_parse(first, &pe, &err));
    fill(data, layout, pe.sections[0].virtual_address);
    return make_pe(true, &section, 1);
}

static void check(const struct layout *layout)
{
    struct error err = {0};
    struct shim_mok_table table;
    struct pe pe;
    OWNED(bytes) shim = make_shim(layout);

    assert_true(pe_parse(shim, &pe, &err));
    if (!shim_mok_table_read(&pe, &table, &err))
        fail_msg("%s", err.message);
    assert_int_equal(table.count, VARIABLES);
    assert_false(table.has_build_certificate);
    for (size_t i = 0; i < VARIABLES; i++) {
        assert_string_equal(table.variables[i].name, variables[i].name);
        assert_int_equal(table.variables[i].flags, variables[i].flags);
        assert_int_equal(table.variables[i].pcr, variables[i].pcr);
        assert_int_equal(table.variables[i].has_vendor_part, variables[i].addend);
    }
}

static void test_layouts(void **state)
{
    (void)state;
    check(&old_layout);
    check(&new_layout);
}

/* Patches the section's data at `offset` and wants the table refused. */
static void assert_refused(size_t offset, uint32_t value)
{
    struct error err = {0};
    struct shim_mok_table table;
    struct pe pe;
    OWNED(bytes) shim = make_shim(&new_layout);

    assert_true(pe_parse(shim, &pe, &err));
    patch_u32(shim, pe.sections[0].raw_offset + offset, value);
    assert_false(shim_mok_table_read(&pe, &table, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void test_damage(void **state)
{
    (void)state;
    assert_refused(0, 0);                /* the first name is empty */
    assert_refused(TABLE_OFFSET + 8, 0); /* or nowhere */
    assert_refused(TABLE_OFFSET + 8, 0xffffffff);
    assert_refused(64, 0x41414141);         /* the second is not MokListX */
    assert_refused(TABLE_OFFSET + 112, 7);  /* attributes of no MokList */
    assert_refused(TABLE_OFFSET + 128, 24); /* a PCR that does not exist */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
