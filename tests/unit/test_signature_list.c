/* SPDX-License-Identifier: Apache-2.0 */
/* Signature lists put together byte by byte, good ones and hostile ones; those of other programs
 * are in integration/firmware. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/writer.h"
#include "measure/signature_list.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define X509 "a5c059a1-94e4-4aa7-87b5-ab155c2bf072"
#define SHA256 "c1c41626-504c-4092-aca9-41f936934328"
#define X509_SHA256 "3bd2a492-96c0-4079-b420-fcf98ef103ed"
#define RSA2048 "3c5766e8-269c-4e34-aa14-ed776e85b3b6"
#define OWNER "77fa9abd-0359-4d32-bd60-28f4e78f784b"

static void put_guid(struct writer *w, const char *text)
{
    struct guid guid;

    assert_true(guid_parse(text, &guid));
    write_bytes(w, guid.bytes, sizeof(guid.bytes));
}

static void put_list(struct writer *w, const char *type, uint32_t header, uint32_t signature,
                     uint32_t count)
{
    put_guid(w, type);
    write_u32le(w, 28 + header + signature * count);
    write_u32le(w, header);
    write_u32le(w, signature);
    write_zeros(w, header);
    for (uint32_t i = 0; i < count; i++) {
        put_guid(w, OWNER);
        for (uint32_t k = 16; k < signature; k++)
            write_u8(w, (uint8_t)(i + 1));
    }
    assert_false(w->failed);
}

static void test_lists(void **state)
{
    uint8_t data[1024];
    struct writer w = writer_over(data, sizeof(data));
    struct error err = {0};
    struct guid owner;

    (void)state;
    assert_true(guid_parse(OWNER, &owner));
    put_list(&w, X509, 0, 16 + 100, 1);
    put_list(&w, SHA256, 0, 48, 2);
    put_list(&w, SHA256, 0, 48, 0);
    put_list(&w, X509_SHA256, 0, 64, 1);
    put_list(&w, RSA2048, 7, 16 + 256, 1);
    OWNED(signature_list) list = signature_list_parse(data, w.position, &err);
    assert_non_null(list);
    const struct {
        enum signature_kind kind;
        size_t size;
        uint8_t fill;
    } expected[] = {
        {SIGNATURE_X509, 100, 1},       {SIGNATURE_SHA256, 32, 1}, {SIGNATURE_SHA256, 32, 2},
        {SIGNATURE_X509_SHA256, 48, 1}, {SIGNATURE_OTHER, 256, 1},
    };
    assert_int_equal(list->count, LENGTH(expected));
    for (size_t i = 0; i < LENGTH(expected); i++) {
        assert_int_equal(list->entries[i].kind, expected[i].kind);
        assert_int_equal(list->entries[i].size, expected[i].size);
        assert_true(guid_equal(&list->entries[i].owner, &owner));
        assert_int_equal(list->entries[i].data[0], expected[i].fill);
        assert_int_equal(list->entries[i].data[expected[i].size - 1], expected[i].fill);
        assert_memory_equal(list->entries[i].data - 16, owner.bytes, 16);
    }
}

static void test_nothing(void **state)
{
    struct error err = {0};
    OWNED(signature_list) list = signature_list_parse("", 0, &err);

    (void)state;
    assert_non_null(list);
    assert_int_equal(list->count, 0);
}

static void expect_refusal(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED(signature_list) list = signature_list_parse(data, size, &err);

    assert_null(list);
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_non_null(strstr(err.message, "is malformed"));
}

static void test_every_cut(void **state)
{
    uint8_t data[256];
    struct writer w = writer_over(data, sizeof(data));

    (void)state;
    put_list(&w, SHA256, 0, 48, 1);
    size_t first = w.position;
    put_list(&w, SHA256, 0, 48, 1);
    for (size_t size = 1; size < w.position; size++) {
        if (size != first)
            expect_refusal(data, size);
    }
}

static void test_hostile_heads(void **state)
{
    /* Offsets: 16 the list's size, 20 its header's, 24 a signature's */
    const struct {
        size_t offset;
        uint32_t value;
    } bad[] = {
        {16, 0},  {16, 27}, {16, 28 + 47},    {16, 28 + 97},    {16, 0xffffffff},
        {20, 1},  {20, 97}, {20, 0xffffffff}, {24, 0},          {24, 15},
        {24, 16}, {24, 32}, {24, 96},         {24, 0xffffffff},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        uint8_t data[28 + 96];
        struct writer w = writer_over(data, sizeof(data));
        put_list(&w, SHA256, 0, 48, 2);
        struct writer at = writer_over(data + bad[i].offset, 4);
        write_u32le(&at, bad[i].value);
        expect_refusal(data, sizeof(data));
    }
}

static void test_too_many(void **state)
{
    struct error err = {0};
    uint32_t count = (uint32_t)SIGNATURE_LIMIT + 1;
    OWNED(bytes) bytes = bytes_new(28 + (size_t)count * 17, &err);

    (void)state;
    assert_non_null(bytes);
    struct writer w = writer_over(bytes->data, bytes->size);
    put_list(&w, X509, 0, 17, count);
    OWNED(signature_list) list = signature_list_parse(bytes->data, bytes->size, &err);
    assert_null(list);
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_non_null(strstr(err.message, "more than 65536 entries"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_every_cut), cmocka_unit_test(test_hostile_heads),
        cmocka_unit_test(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
