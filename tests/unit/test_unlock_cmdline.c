/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cmdline.h"

#define UUID "4a1f0c3e-8d5b-4c2f-9e7a-0123456789ab"
#define PIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef1"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static bool parse(const char *text, struct cmdline *cmdline, struct error *err)
{
    *err = (struct error){0};
    return cmdline_parse(text, strlen(text), cmdline, err);
}

static void refused(const char *text, const char *reason)
{
    struct cmdline cmdline;
    struct error err;

    assert_false(parse(text, &cmdline, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    if (strstr(err.message, reason) == NULL)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, err.message, reason);
}

static void test_takes_both_fields(void **state)
{
    static const uint8_t start[4] = {0x00, 0x11, 0x22, 0x33};
    struct cmdline cmdline;
    struct error err;

    (void)state;
    assert_true(parse("/vmlinuz root=/dev/mapper/cloudimg-rootfs ro coldseal.uuid=" UUID
                      " coldseal.pin=" PIN " panic=30 -- x\n",
                      &cmdline, &err));
    assert_string_equal(cmdline.uuid, UUID);
    assert_memory_equal(cmdline.pin, start, sizeof(start));
    assert_int_equal(cmdline.pin[31], 0xf1);
    assert_true(parse("coldseal.pin=" PIN "\t coldseal.uuid=" UUID, &cmdline, &err));
}

static void test_refuses_missing(void **state)
{
    (void)state;
    refused("", "uuid= stands there 0 times");
    refused("coldseal.pin=" PIN, "uuid= stands there 0 times");
    refused("coldseal.uuid=" UUID, "pin= stands there 0 times");
    refused("xcoldseal.uuid=" UUID " coldseal.pin=" PIN, "uuid= stands there 0 times");
    refused("Coldseal.uuid=" UUID " coldseal.pin=" PIN, "uuid= stands there 0 times");
}

static void test_refuses_twice(void **state)
{
    (void)state;
    refused("coldseal.uuid=" UUID " coldseal.pin=" PIN " coldseal.uuid=" UUID,
            "uuid= stands there 2 times");
    refused("coldseal.uuid=" UUID " coldseal.pin=" PIN " -- coldseal.pin=" PIN,
            "pin= stands there 2 times");
}

static void test_refuses_wrong_form(void **state)
{
    (void)state;
    refused("coldseal.uuid= coldseal.pin=" PIN, "not a UUID");
    refused("coldseal.uuid=4A1F0C3E-8d5b-4c2f-9e7a-0123456789ab coldseal.pin=" PIN, "not a UUID");
    refused("coldseal.uuid=" UUID "0 coldseal.pin=" PIN, "not a UUID");
    refused("coldseal.uuid=4a1f0c3e-8d5b-4c2f-9e7a-0123456789ag coldseal.pin=" PIN, "not a UUID");
    refused("coldseal.uuid=\"" UUID "\" coldseal.pin=" PIN, "not a UUID");
    refused("coldseal.uuid=" UUID " coldseal.pin=" PIN "0", "64 hexadecimal digits");
    refused("coldseal.uuid=" UUID " coldseal.pin=0011", "64 hexadecimal digits");
    refused("coldseal.uuid=" UUID " coldseal.pin=A" ZEROS, "64 hexadecimal digits");
    refused("coldseal.uuid=" UUID " \"x coldseal.pin=" PIN "\"", "64 hexadecimal digits");
}

static void test_refuses_placeholders(void **state)
{
    (void)state;
    refused("coldseal.uuid=00000000-0000-0000-0000-000000000000 coldseal.pin=" PIN, "all zeros");
    refused("coldseal.uuid=" UUID " coldseal.pin=" ZEROS, "all zeros");
}

static void test_refuses_unknown_fields(void **state)
{
    (void)state;
    refused("coldseal.uuid=" UUID " coldseal.pin=" PIN " coldseal.debug=1",
            "unknown field coldseal.debug=1");
    refused("coldseal.uuid coldseal.pin=" PIN, "unknown field coldseal.uuid");
}

static void test_takes_recovery_once(void **state)
{
    static const char both[] = "coldseal.uuid=" UUID " coldseal.pin=" PIN;
    struct cmdline cmdline;
    struct error err;

    (void)state;
    assert_true(parse(both, &cmdline, &err));
    assert_false(cmdline.console_recovery);
    assert_true(parse("coldseal.recovery=console coldseal.uuid=" UUID " coldseal.pin=" PIN,
                      &cmdline, &err));
    assert_true(cmdline.console_recovery);
    refused("coldseal.recovery=console coldseal.uuid=" UUID " coldseal.pin=" PIN
            " coldseal.recovery=console",
            "unknown field coldseal.recovery=console");
    refused("coldseal.uuid=" UUID " coldseal.pin=" PIN " coldseal.recovery=console,x",
            "unknown field");
    refused("coldseal.uuid=" UUID " coldseal.pin=" PIN " coldseal.recovery=", "unknown field");
    refused("coldseal.recovery=console", "uuid= stands there 0 times");
}

static void test_refuses_nul(void **state)
{
    static const char text[] = "coldseal.uuid=" UUID " coldseal.pin=" PIN "\0x";
    struct cmdline cmdline;
    struct error err = {0};

    (void)state;
    assert_false(cmdline_parse(text, sizeof(text) - 1, &cmdline, &err));
    assert_non_null(strstr(err.message, "not text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_both_fields),    cmocka_unit_test(test_refuses_missing),
        cmocka_unit_test(test_refuses_twice),        cmocka_unit_test(test_refuses_wrong_form),
        cmocka_unit_test(test_refuses_placeholders), cmocka_unit_test(test_refuses_unknown_fields),
        cmocka_unit_test(test_takes_recovery_once),  cmocka_unit_test(test_refuses_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
