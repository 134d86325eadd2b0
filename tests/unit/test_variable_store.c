/* SPDX-License-Identifier: Apache-2.0 */
/* Variable stores put together byte by byte, good ones and hostile ones; those of packages are in
 * integration/firmware. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/writer.h"
#include "measure/efi_variables.h"
#include "measure/firmware_import.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define IMAGE_BYTES 8192
#define HEAD_BYTES 72
#define NV_DATA "fff12b8d-7696-4c8b-a985-2747075b4f50"
#define AUTHENTICATED "aaf32c78-947b-439a-a180-2e144ec37792"
#define GLOBAL "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SHIM "605dab50-e046-4300-abb6-3dd810dd8b23"
#define SECURE_BOOT_ENABLE "f0a30bc7-af08-4556-99c4-001009c93a44"

struct sample {
    uint8_t bytes[IMAGE_BYTES];
    struct writer w;
};

static void put_guid(struct writer *w, const char *text)
{
    struct guid guid;

    assert_true(guid_parse(text, &guid));
    write_bytes(w, guid.bytes, sizeof(guid.bytes));
}

/* The sum of a volume header's words is made zero. */
static void put_checksum(uint8_t *volume)
{
    uint16_t sum = 0;

    volume[50] = volume[51] = 0;
    for (size_t i = 0; i < HEAD_BYTES; i += 2)
        sum = (uint16_t)(sum + volume[i] + (volume[i + 1] << 8));
    sum = (uint16_t)-sum;
    volume[50] = (uint8_t)sum;
    volume[51] = (uint8_t)(sum >> 8);
}

static void sample_begin(struct sample *sample)
{
    struct writer *w = &sample->w;

    memset(sample->bytes, 0xff, sizeof(sample->bytes));
    *w = writer_over(sample->bytes, sizeof(sample->bytes));
    write_zeros(w, 16);
    put_guid(w, NV_DATA);
    write_u64le(w, IMAGE_BYTES);
    write_bytes(w, "_FVH", 4);
    write_u32le(w, 0x4feff);
    write_u16le(w, HEAD_BYTES);
    write_u16le(w, 0); /* checksum */
    write_u32le(w, 0x02000000);
    write_u64le(w, 1 | (uint64_t)IMAGE_BYTES << 32);
    write_zeros(w, 8);
    put_checksum(sample->bytes);
    put_guid(w, AUTHENTICATED);
    write_u32le(w, 4096);
    write_u8(w, 0x5a);
    write_u8(w, 0xfe);
    write_zeros(w, 6);
}

static void put_record(struct sample *sample, uint8_t state, const char *name, const char *guid,
                       const void *data, uint32_t size)
{
    struct writer *w = &sample->w;
    uint32_t characters = (uint32_t)strlen(name) + 1;

    write_u16le(w, 0x55aa);
    write_u8(w, state);
    write_u8(w, 0);
    write_u32le(w, 7);
    write_zeros(w, 8 + 16 + 4);
    write_u32le(w, 2 * characters);
    write_u32le(w, size);
    put_guid(w, guid);
    for (uint32_t i = 0; i < characters; i++)
        write_u16le(w, (uint8_t)name[i]);
    write_bytes(w, data, size);
    while (w->position % 4 != 0)
        write_u8(w, 0xff);
    assert_false(w->failed);
}

static struct efi_variables *sample_parse(const struct sample *sample, struct error *err)
{
    OWNED(bytes) image = bytes_copy(sample->bytes, sizeof(sample->bytes), err);

    assert_non_null(image);
    return variable_store_parse(image, err);
}

static void check_variable(const struct sample *sample, const char *name, const char *value)
{
    struct error err = {0};
    struct guid guid;
    OWNED(efi_variables) variables = sample_parse(sample, &err);

    assert_non_null(variables);
    assert_true(guid_parse(SHIM, &guid));
    const struct efi_variable *found = efi_variables_find(variables, name, &guid);
    if (value == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(found->data->size, strlen(value));
    assert_memory_equal(found->data->data, value, strlen(value));
}

static void expect_refusal(const struct sample *sample, enum coldseal_code code, const char *text)
{
    struct error err = {0};
    OWNED(efi_variables) variables = sample_parse(sample, &err);

    assert_null(variables);
    if (err.code != code || strstr(err.message, text) == NULL)
        fail_msg("not %d and \"%s\": %d, %s", (int)code, text, (int)err.code, err.message);
}

/* Which of several records of a name counts, as FindVariableEx() has it */
static void test_states(void **state)
{
    const struct {
        uint8_t states[3];
        const char *value;
    } cases[] = {
        {{0x3f, 0xff, 0xff}, "a"},  {{0x3d, 0x3f, 0xff}, "b"}, {{0x3c, 0x3f, 0xff}, "b"},
        {{0x3e, 0x3f, 0xff}, "b"},  {{0x3f, 0x3e, 0xff}, "a"}, {{0x3e, 0x3e, 0x3d}, "b"},
        {{0x3e, 0x7f, 0x3c}, "a"},  {{0x3f, 0x3f, 0x3f}, "a"}, {{0x3d, 0x3c, 0x7f}, NULL},
        {{0xff, 0xff, 0x3f}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct sample sample;
        sample_begin(&sample);
        put_record(&sample, cases[i].states[0], "MokList", SHIM, "a", 1);
        put_record(&sample, cases[i].states[1], "MokList", SHIM, "b", 1);
        put_record(&sample, cases[i].states[2], "MokList", SHIM, "c", 1);
        check_variable(&sample, "MokList", cases[i].value);
    }
}

static void test_other_records(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_record(&sample, 0x3f, "", SHIM, "x", 1);
    put_record(&sample, 0x3f, "MokList", GLOBAL, "another vendor's", 16);
    put_record(&sample, 0x3f, "M\xe9k", SHIM, "not ASCII", 9);
    put_record(&sample, 0x3f, "MokListX", SHIM, "another name", 12);
    put_record(&sample, 0x3f, "MokList", SHIM, "found", 5);
    check_variable(&sample, "MokList", "found");
}

/* As a whole flash image has it: other volumes around, and a copy in the working area. */
static void test_among_others(void **state)
{
    struct sample sample;
    struct error err = {0};
    OWNED(bytes) image = bytes_new((size_t)4 * IMAGE_BYTES, &err);

    (void)state;
    assert_non_null(image);
    sample_begin(&sample);
    put_record(&sample, 0x3f, "MokList", SHIM, "one", 3);
    memcpy(sample.bytes + 4096, sample.bytes, 4096);
    memcpy(image->data + IMAGE_BYTES, sample.bytes, IMAGE_BYTES);
    assert_true(variable_store_is_in(image));
    OWNED(efi_variables) variables = variable_store_parse(image, &err);
    assert_non_null(variables);
    assert_int_equal(variables->count, 1);
    memcpy(image->data + (size_t)3 * IMAGE_BYTES, sample.bytes, IMAGE_BYTES);
    OWNED(efi_variables) two = variable_store_parse(image, &err);
    assert_null(two);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void test_every_cut(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_record(&sample, 0x3f, "MokList", SHIM, "abc", 3);
    for (size_t size = 0; size < IMAGE_BYTES; size += size < 256 ? 1 : 97) {
        struct error err = {0};
        OWNED(bytes) image = bytes_copy(sample.bytes, size, &err);
        OWNED(efi_variables) variables = variable_store_parse(image, &err);
        assert_null(variables);
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    }
}

static void patch(struct sample *sample, size_t offset, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sample->bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

/* Offsets: 32 the volume's length, 48 its header's, 72 the store's type, 88 its size, 92 and 93 its
 * state, 100 the first record */
static void test_hostile(void **state)
{
    const struct {
        size_t offset;
        uint32_t value;
        size_t size;
        bool fix_sum;
        enum coldseal_code code;
        const char *text;
    } bad[] = {
        {0, 1, 1, false, COLDSEAL_BAD_IMAGE, "header is damaged"},
        {32, 0, 4, true, COLDSEAL_BAD_IMAGE, "no volume"},
        {32, IMAGE_BYTES + 1, 4, true, COLDSEAL_BAD_IMAGE, "no volume"},
        {36, 0xffffffff, 4, true, COLDSEAL_BAD_IMAGE, "no volume"},
        {40, 0, 4, true, COLDSEAL_BAD_IMAGE, "no volume"},
        {48, 0xffff, 2, false, COLDSEAL_BAD_IMAGE, "header is damaged"},
        {48, 71, 2, true, COLDSEAL_BAD_IMAGE, "header is damaged"},
        {72, 0, 4, false, COLDSEAL_UNSUPPORTED, "not one of authenticated variables"},
        {88, 0xffffffff, 4, false, COLDSEAL_BAD_IMAGE, "larger than its volume"},
        {88, IMAGE_BYTES, 4, false, COLDSEAL_BAD_IMAGE, "larger than its volume"},
        {88, 27, 4, false, COLDSEAL_BAD_IMAGE, "larger than its volume"},
        {88, 28 + 59, 4, false, COLDSEAL_BAD_IMAGE, "a record is cut off"},
        {92, 0xff, 1, false, COLDSEAL_BAD_IMAGE, "not healthy"},
        {93, 0xfc, 1, false, COLDSEAL_BAD_IMAGE, "not healthy"},
        {100 + 36, 0xfffffffe, 4, false, COLDSEAL_BAD_IMAGE, "a record is cut off"},
        {100 + 40, 0xfffffffe, 4, false, COLDSEAL_BAD_IMAGE, "a record is cut off"},
        {100 + 40, 4096, 4, false, COLDSEAL_BAD_IMAGE, "a record is cut off"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct sample sample;
        sample_begin(&sample);
        put_record(&sample, 0x3f, "MokList", SHIM, "abc", 3);
        patch(&sample, bad[i].offset, bad[i].value, bad[i].size);
        if (bad[i].fix_sum)
            put_checksum(sample.bytes);
        expect_refusal(&sample, bad[i].code, bad[i].text);
    }
}

/* A header that was begun: EDK2 goes on behind it. */
static void test_unfinished_record(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    size_t at = sample.w.position;
    sample.w.position += 60;
    patch(&sample, at, 0x55aa, 2);
    put_record(&sample, 0x3f, "MokList", SHIM, "abc", 3);
    check_variable(&sample, "MokList", "abc");
}

/* A list of one SHA-256 digest, as a PK of no use but a PK */
static const uint8_t list[28 + 48] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,    0xac,
                                      0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28, 28 + 48, 0,
                                      0,    0,    0,    0,    0,    0,    48};

/* AuthVariableLibInitialize() */
static void test_secure_boot(void **state)
{
    const struct {
        bool pk;
        int enable; /* -1: no such variable */
        bool on, guessed;
    } cases[] = {
        {true, 1, true, false},  {true, 0, false, false}, {true, -1, true, false},
        {false, 1, false, true}, {false, 0, false, true}, {false, -1, false, true},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct sample sample;
        struct error err = {0};
        uint8_t enable = (uint8_t)cases[i].enable;
        sample_begin(&sample);
        if (cases[i].pk)
            put_record(&sample, 0x3f, "PK", GLOBAL, list, sizeof(list));
        if (cases[i].enable >= 0)
            put_record(&sample, 0x3f, "SecureBootEnable", SECURE_BOOT_ENABLE, &enable, 1);
        OWNED(efi_variables) variables = sample_parse(&sample, &err);
        OWNED(firmware) firmware = firmware_from_store(variables, &err);
        assert_non_null(firmware);
        assert_int_equal(firmware->secure_boot, cases[i].on);
        assert_int_equal(firmware->secure_boot_guessed, cases[i].guessed);
        assert_int_equal(firmware->variables[FIRMWARE_SECURE_BOOT].data->size, 1);
        assert_true(firmware->variables[FIRMWARE_DBT].known);
        assert_false(firmware->variables[FIRMWARE_DBT].present);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),       cmocka_unit_test(test_other_records),
        cmocka_unit_test(test_among_others), cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_hostile),      cmocka_unit_test(test_unfinished_record),
        cmocka_unit_test(test_secure_boot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
