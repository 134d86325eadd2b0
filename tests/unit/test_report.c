/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of checks, and reports as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/checks.h"
#include "report/report.h"
#include "report/text.h"

static void expect_text(const char *json_text, const char *expected)
{
    struct error err = {0};
    OWNED_JSON json = json_parse(json_text, strlen(json_text), &err);

    assert_non_null(json);
    OWNED_PTR(char) text = text_render(json, &err);
    assert_string_equal(text, expected);
}

static void test_members(void **state)
{
    (void)state;
    expect_text("{\"disk_size_bytes\": 4096, \"is_ok\": true, \"empty\": \"\", \"list\": [\"a\", "
                "\"b\\u0007\"]}",
                "disk size             4.0 KiB (4096 bytes)\n"
                "is ok                 yes\n"
                "list:\n"
                "  - a\n"
                "  - b?\n");
}

static void test_small_objects_are_a_table(void **state)
{
    (void)state;
    expect_text("{\"rows\": [{\"a\": \"x\", \"b\": 1, \"c\": \"first\"},"
                " {\"a\": \"long\", \"b\": 22, \"c\": \"second\"}]}",
                "rows:\n"
                "  x     1   first\n"
                "  long  22  second\n");
}

static void test_other_objects_are_none(void **state)
{
    (void)state;
    expect_text("{\"items\": [{\"a\": \"x\", \"b\": [1]}, {\"a\": \"y\", \"b\": [2]}]}",
                "items:\n"
                "  a                   x\n"
                "  b:\n"
                "    - 1\n"
                "\n"
                "  a                   y\n"
                "  b:\n"
                "    - 2\n");
}

static void test_failure_is_in_json_only(void **state)
{
    struct error err = {0}, failure = {0};
    OWNED(coldseal_report) report = report_new("verify", &err);

    (void)state;
    error_set(&failure, COLDSEAL_DIFFERS, "1 check failed: x");
    assert_true(report_add_failure(report, &failure, &err));
    OWNED_PTR(char) json = coldseal_report_json(report, &err);
    OWNED_PTR(char) text = coldseal_report_text(report, &err);
    assert_non_null(strstr(
        json, "\"error\":{\"code\":1,\"kind\":\"differs\",\"message\":\"1 check failed: x\"}"));
    assert_null(strstr(text, "failed"));
}

static void test_checks_all_ok(void **state)
{
    struct error err = {0};
    struct checks checks;

    (void)state;
    assert_true(checks_init(&checks, &err));
    assert_true(checks_ok(&checks, "one", &err, "because %d", 1));
    assert_true(checks_skipped(&checks, "two", &err, "not asked for"));
    assert_true(checks_passed(&checks, &err));
    assert_string_equal(
        json_object_to_json_string_ext(checks.rows, JSON_C_TO_STRING_PLAIN),
        "[{\"check\":\"one\",\"result\":\"ok\",\"why\":\"because 1\"},"
        "{\"check\":\"two\",\"result\":\"not checked\",\"why\":\"not asked for\"}]");
    checks_drop(&checks);
}

static void test_checks_that_fail(void **state)
{
    struct error err = {0}, why = {0};
    struct checks checks;

    (void)state;
    assert_true(checks_init(&checks, &err));
    assert_true(checks_failed(&checks, "one", &err, "%s", "bell \a"));
    assert_false(checks_passed(&checks, &err));
    assert_int_equal(err.code, COLDSEAL_DIFFERS);
    assert_string_equal(err.message, "1 check failed: one");
    error_set(&why, COLDSEAL_BAD_IMAGE, "hostile");
    assert_true(checks_error(&checks, "two", &why, &err));
    assert_false(checks_passed(&checks, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_string_equal(err.message, "2 checks failed: one, two");
    error_set(&why, COLDSEAL_IO, "disk on fire");
    assert_false(checks_error(&checks, "three", &why, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_int_equal(json_object_array_length(checks.rows), 2);
    assert_null(strchr(json_object_to_json_string(checks.rows), '\a'));
    checks_drop(&checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_small_objects_are_a_table),
        cmocka_unit_test(test_other_objects_are_none),
        cmocka_unit_test(test_failure_is_in_json_only),
        cmocka_unit_test(test_checks_all_ok),
        cmocka_unit_test(test_checks_that_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
