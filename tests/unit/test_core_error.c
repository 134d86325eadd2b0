/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"

static void test_set(void **state)
{
    struct error err = {0};

    (void)state;
    assert_false(error_set(&err, COLDSEAL_TPM, "handle 0x%x", 0x81000001U));
    assert_int_equal(err.code, COLDSEAL_TPM);
    assert_string_equal(err.message, "handle 0x81000001");
}

static void test_wrap_keeps_the_code(void **state)
{
    struct error err = {0};

    (void)state;
    error_set(&err, COLDSEAL_BAD_IMAGE, "GPT header ends at byte %d", 60);
    assert_false(error_wrap(&err, "read partitions"));
    assert_false(error_wrap(&err, "%s", "a.qcow2"));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_string_equal(err.message, "a.qcow2: read partitions: GPT header ends at byte 60");
}

static void test_errno(void **state)
{
    struct error err = {0};

    (void)state;
    errno = ENOSPC;
    assert_false(error_errno(&err, COLDSEAL_IO, "write %s", "out.raw"));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_string_equal(err.message, "write out.raw: No space left on device");
}

static void test_control_characters(void **state)
{
    struct error err = {0};

    (void)state;
    error_set(&err, COLDSEAL_BAD_IMAGE, "name \"%s\"", "a\nb\x1b[2Jc\x7f\t");
    assert_string_equal(err.message, "name \"a?b?[2Jc??\"");
    error_set(&err, COLDSEAL_BAD_IMAGE, "%s", "x");
    error_wrap(&err, "%s", "bell\a");
    assert_string_equal(err.message, "bell?: x");
    /* U+009B starts an escape sequence, U+00A0 does not. */
    error_set(&err, COLDSEAL_BAD_IMAGE, "%s",
              "\xc2\x9b"
              "2J \xc2\xa0");
    assert_string_equal(err.message, "??2J \xc2\xa0");
}

static void test_not_utf8(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"\xff", "?"},
        {"\x80 alone", "? alone"},
        {"cut \xe2\x82", "cut ??"},
        {"overlong \xc0\xaf", "overlong ??"},
        {"too high \xf5\x80\x80\x80", "too high ????"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x91"},
    };
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        error_set(&err, COLDSEAL_BAD_IMAGE, "%s", cases[i].text);
        assert_string_equal(err.message, cases[i].shown);
    }
}

static void test_long_messages_are_cut(void **state)
{
    struct error err = {0};
    char text[2 * ERROR_MESSAGE_BYTES];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&err, COLDSEAL_IO, "%s", text);
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 1);
    error_wrap(&err, "context");
    assert_int_equal(strlen(err.message), ERROR_MESSAGE_BYTES - 1);
    assert_memory_equal(err.message, "context: xx", 11);
    /* A character that the end cuts in two is not left half. */
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    error_set(&err, COLDSEAL_IO, "%s", text);
    assert_int_equal(err.message[ERROR_MESSAGE_BYTES - 2], '?');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),      cmocka_unit_test(test_wrap_keeps_the_code),
        cmocka_unit_test(test_errno),    cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_not_utf8), cmocka_unit_test(test_long_messages_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
