/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "measure/pcr.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define HEX_11 "1111111111111111111111111111111111111111111111111111111111111111"

static void test_masks(void **state)
{
    const struct {
        const char *text;
        uint32_t mask;
    } good[] = {
        {"0", 1},
        {"23", 1u << 23},
        {"4,7,8,9,14,15", PCR_DEFAULT_MASK},
        {"15+4+7,9,14+8", PCR_DEFAULT_MASK},
        {"7,7", 1u << 7},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct error err = {0};
        uint32_t mask = 0;
        assert_true(pcr_mask_parse(good[i].text, &mask, &err));
        assert_int_equal(mask, good[i].mask);
    }
}

static void test_bad_masks(void **state)
{
    const char *const bad[] = {"",    " ",    "24",         "7,",  ",7",  "7,,8",
                               "07",  "-1",   "7 8",        "7;8", "0x7", "sha256:7",
                               "100", "7,24", "4294967296", "7+",  "a"};

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct error err = {0};
        uint32_t mask = 0x55;
        assert_false(pcr_mask_parse(bad[i], &mask, &err));
        assert_int_equal(err.code, COLDSEAL_USAGE);
        assert_int_equal(mask, 0x55);
    }
}

static void test_mask_text(void **state)
{
    char text[64];

    (void)state;
    pcr_mask_format(PCR_DEFAULT_MASK, text);
    assert_string_equal(text, "4+7+8+9+14+15");
    pcr_mask_format(0, text);
    assert_string_equal(text, "");
    pcr_mask_format((1u << PCR_COUNT) - 1, text);
    assert_string_equal(text, "0+1+2+3+4+5+6+7+8+9+10+11+12+13+14+15+16+17+18+19+20+21+22+23");
}

static bool values_of(const char *text, struct pcr_values *values, struct error *err)
{
    OWNED_JSON json = json_parse(text, strlen(text), err);

    return json != NULL && pcr_values_from_json(json, values, err);
}

static void test_values(void **state)
{
    const char *const good[] = {
        "{\"sha256\": {\"4\": \"" HEX_11 "\"}}",
        "{\"pcrs\": {\"sha256\": {\"4\": \"" HEX_11 "\"}}, \"other\": 1}",
    };
    uint8_t expected[32];

    (void)state;
    memset(expected, 0x11, sizeof(expected));
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct pcr_values values;
        struct error err = {0};
        assert_true(values_of(good[i], &values, &err));
        assert_int_equal(values.known, 1u << 4);
        assert_memory_equal(values.sha256[4], expected, sizeof(expected));
        OWNED_JSON json = pcr_values_to_json(&values, 1u << 4 | 1u << 5, &err);
        assert_string_equal(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
                            "{\"sha256\":{\"4\":\"" HEX_11 "\"}}");
    }
}

static void test_bad_values(void **state)
{
    const char *const bad[] = {
        "{}",
        "[]",
        "1",
        "{\"pcrs\": {}}",
        "{\"pcrs\": 1}",
        "{\"pcrs\": null}",
        "{\"sha1\": {\"4\": \"" HEX_11 "\"}}",
        "{\"sha256\": [\"" HEX_11 "\"]}",
        "{\"sha256\": {\"24\": \"" HEX_11 "\"}}",
        "{\"sha256\": {\"04\": \"" HEX_11 "\"}}",
        "{\"sha256\": {\"4 \": \"" HEX_11 "\"}}",
        "{\"sha256\": {\"\": \"" HEX_11 "\"}}",
        "{\"sha256\": {\"4\": \"" HEX_11 "11\"}}",
        "{\"sha256\": {\"4\": \"11\"}}",
        "{\"sha256\": {\"4\": 11}}",
        "{\"sha256\": {\"4\": null}}",
        "{\"sha256\": {\"4\": "
        "\"x111111111111111111111111111111111111111111111111111111111111111\"}}",
        "{\"sha256\": {\"4\": "
        "\"\\u000011111111111111111111111111111111111111111111111111111111111111"
        "1\"}}",
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct pcr_values values = {.known = 0x55};
        struct error err = {0};
        if (values_of(bad[i], &values, &err))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
        assert_int_equal(values.known, 0x55);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks),      cmocka_unit_test(test_bad_masks),
        cmocka_unit_test(test_mask_text),  cmocka_unit_test(test_values),
        cmocka_unit_test(test_bad_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
