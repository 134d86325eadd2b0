/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal, base64 and GUIDs: text of untrusted origin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64.h"
#include "core/guid.h"
#include "core/hex.h"

static void test_hex(void **state)
{
    char text[9];
    uint8_t bytes[4];

    (void)state;
    hex_encode("\x00\x9f\xAb\xff", 4, text);
    assert_string_equal(text, "009fabff");
    assert_true(hex_decode("009fABff", 8, bytes));
    assert_memory_equal(bytes, "\x00\x9f\xab\xff", 4);
    assert_true(hex_decode("", 0, bytes));
    hex_encode("", 0, text);
    assert_string_equal(text, "");
}

static void test_hex_refuses(void **state)
{
    static const char *const wrong[] = {"0", "0g", "g0", " 0", "0x12", "12 4", "\xc3\xa4"};
    uint8_t bytes[4];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(hex_decode(wrong[i], strlen(wrong[i]), bytes));
    /* Never behind a NUL, whatever the length says. */
    assert_false(hex_decode("12", 4, bytes));
}

/* RFC 4648, section 10. */
static const struct {
    const char *plain, *text;
} base64_vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void test_base64(void **state)
{
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(base64_vectors) / sizeof(base64_vectors[0]); i++) {
        size_t size = strlen(base64_vectors[i].plain);
        OWNED_PTR(char) text = base64_encode(base64_vectors[i].plain, size, &err);
        assert_string_equal(text, base64_vectors[i].text);
        OWNED(bytes) bytes = base64_decode(base64_vectors[i].text, &err);
        assert_non_null(bytes);
        assert_int_equal(bytes->size, size);
        assert_memory_equal(bytes->data, base64_vectors[i].plain, size);
    }
}

static void test_base64_refuses(void **state)
{
    static const char *const wrong[] = {
        "Z",          "Zg",       "Zg=",  "Zg===",  "====",     "=",
        "Z===",       "Zh==",     "Zm9=", "Zm9v\n", " Zm9v",    "Zm 9",
        "Zm9vZg==\n", "Zg==Zg==", "Zm9-", "Zm_v",   "Zm9v====", "Zm9v\nZm9v",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = {0};
        assert_null(base64_decode(wrong[i], &err));
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    }
}

/* The EFI system partition's type: UEFI 2.10, 5.3.3, and its bytes as they lie on a disk. */
static const struct guid esp_type = {{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b,
                                      0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b}};

static void test_guid(void **state)
{
    struct guid guid;
    char text[GUID_TEXT_BYTES];

    (void)state;
    guid_format(&esp_type, text);
    assert_string_equal(text, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    assert_true(guid_parse("C12A7328-F81F-11D2-BA4B-00A0C93EC93B", &guid));
    assert_true(guid_equal(&guid, &esp_type));
    assert_false(guid_is_zero(&guid));
    assert_true(guid_parse("00000000-0000-0000-0000-000000000000", &guid));
    assert_true(guid_is_zero(&guid));
    assert_false(guid_equal(&guid, &esp_type));
}

static void test_guid_refuses(void **state)
{
    static const char *const wrong[] = {
        "",
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93",
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93bb",
        "c12a7328f-81f-11d2-ba4b-00a0c93ec93b",
        "{12a7328-f81f-11d2-ba4b-00a0c93ec93}",
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93g",
        "c12a7328+f81f-11d2-ba4b-00a0c93ec93b",
    };
    struct guid guid;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(guid_parse(wrong[i], &guid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),    cmocka_unit_test(test_hex_refuses),
        cmocka_unit_test(test_base64), cmocka_unit_test(test_base64_refuses),
        cmocka_unit_test(test_guid),   cmocka_unit_test(test_guid_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
