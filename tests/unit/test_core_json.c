/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json.h"

static json_object *parse(const char *text)
{
    struct error err = {0};
    json_object *object = json_parse(text, strlen(text), &err);

    if (object == NULL)
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    return object;
}

static void test_members(void **state)
{
    OWNED_JSON object = parse("{\"s\": \"t\", \"n\": 18446744073709551614, \"b\": true,"
                              " \"o\": {\"s\": 1}, \"a\": [\"s\", \"s\"]} \n");
    struct error err = {0};
    const char *text;
    uint64_t number;
    bool flag;
    json_object *value;

    (void)state;
    assert_non_null(object);
    assert_true(json_get_string(object, "s", &text, &err));
    assert_string_equal(text, "t");
    assert_true(json_get_u64(object, "n", &number, &err));
    assert_true(number == UINT64_MAX - 1);
    assert_true(json_get_bool(object, "b", &flag, &err) && flag);
    assert_true(json_get_array(object, "a", &value, &err));
    assert_int_equal(json_object_array_length(value), 2);
    assert_true(json_get_object(object, "o", &value, &err));
    assert_true(json_get_u64(value, "s", &number, &err) && number == 1);
}

static void test_wrong_members(void **state)
{
    OWNED_JSON object = parse("{\"s\": \"a\\u0000b\", \"n\": -1, \"d\": 1.5, \"z\": null, \"big\": "
                              "18446744073709551616}");
    struct error err = {0};
    const char *text;
    uint64_t number;

    (void)state;
    assert_non_null(object);
    assert_false(json_get_string(object, "s", &text, &err)); /* a NUL inside */
    assert_false(json_get_string(object, "n", &text, &err));
    assert_false(json_get_string(object, "z", &text, &err));
    assert_false(json_get_u64(object, "n", &number, &err));
    assert_false(json_get_u64(object, "big", &number, &err));
    assert_false(json_get_u64(object, "d", &number, &err));
    assert_false(json_get_u64(object, "absent", &number, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_string_equal(err.message, "member \"absent\" is missing");
    assert_false(json_get_u64(NULL, "n", &number, &err));
}

static void test_good_documents(void **state)
{
    static const char *const good[] = {
        "{}",
        "[]",
        "\"text\"",
        "[1, -2.5e+3, \"\\\"\", \"a:b\", true, false, {\"a\": {\"a\": [{\"a\": 1}, {\"a\": 2}]}}]",
        "{\"a\": \"\\\\\", \"b\": \"\\\"}\"}",
        " \t\r\n{ \"a\" :\n1 }\n",
        "12",
        "{\"\xc3\xa4\": 1, \"a\": 2}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        OWNED_JSON object = parse(good[i]);
        if (object == NULL)
            fail_msg("refused: %s", good[i]);
    }
}

static void test_bad_documents(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "{\"a\"",
        "{\"a",
        "\"a\\",
        "{\"a\": 1}}",
        "{\"a\": 1} {}",
        "{\"a\": 1}x",
        "{} \v",
        "12 13",
        "[1,]",
        "[1 2]",
        "{\"a\": 1,}",
        "{a: 1}",
        "{'a': 1}",
        "['a\":{']",
        "{\"a\": 1, \"a\": 1}",
        "{\"a\": 1, \"b\": {\"c\": 1, \"c\" : 2}}",
        "[{\"a\": 1, \"b\": 2, \"a\": 3}]",
        "{\"a\": {\"b\": 1}, \"a\": 2}",
        "{\"a\": 1, \"\\u0061\": 2}",
        "{\"\\u0061\": 1}",
        "{\"a\\\"b\": 1}",
        "{\"\": 1, \"\": 2}",
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        "{\"a\": 01}",
        "[1e]",
        "[.5]",
        "[+1]",
        "[0x10]",
        "[TRUE]",
        "/* */ {}",
        "{} // end",
        "[\"a\nb\"]",
        "[\"\xff\"]",
        "{\"\xff\": 1}",
        "\xef\xbb\xbf{}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OWNED_JSON object = parse(bad[i]);
        if (object != NULL)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void test_nul_and_size(void **state)
{
    static const char text[] = "{\"a\": 1}\0";
    struct error err = {0};

    (void)state;
    assert_null(json_parse(text, sizeof(text) - 1, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_null(json_parse("{\"a\": 1}", 4, &err)); /* nothing behind `size` is read */
    assert_null(json_parse(text, JSON_LIMIT_BYTES + 1, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

static void nest(char *text, int depth)
{
    for (int i = 0; i < depth; i++) {
        text[i] = '[';
        text[2 * depth - 1 - i] = ']';
    }
    text[2 * depth] = '\0';
}

static void test_depth(void **state)
{
    char text[4 * JSON_DEPTH];

    (void)state;
    nest(text, JSON_DEPTH - 1);
    OWNED_JSON shallow = parse(text);
    assert_non_null(shallow);
    nest(text, JSON_DEPTH + 1);
    assert_null(parse(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),        cmocka_unit_test(test_wrong_members),
        cmocka_unit_test(test_good_documents), cmocka_unit_test(test_bad_documents),
        cmocka_unit_test(test_nul_and_size),   cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
