/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that protect, and each way in which one does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/coverage.h"

#define BESIDE_SHIM "files beside shim (shim_certificate*, revocations*, options.csv)|"

static const struct coverage_facts grub = {
    .chain = PREDICTION_SHIM_GRUB,
    .secure_boot = SECURE_BOOT_ON,
    .signatures_verified = true,
    .kernel_in_pcr_4 = true,
    .command_line_in_pcr_9 = true,
};
static const struct coverage_facts uki = {
    .chain = PREDICTION_SHIM_UKI,
    .secure_boot = SECURE_BOOT_ON,
    .signatures_verified = true,
};

static uint32_t mask_of(const char *text)
{
    struct error err = {0};
    uint32_t mask = 0;

    assert_true(pcr_mask_parse(text, &mask, &err));
    return mask;
}

static void assert_enough(const struct coverage_facts *facts, const char *pcrs)
{
    struct coverage coverage;
    struct error err = {0};

    coverage_assess(facts, mask_of(pcrs), &coverage);
    if (!coverage_is_enough(&coverage, &err))
        fail_msg("%s: %s", pcrs, err.message);
}

/* `components` with bars between them are what is named, and nothing else is. */
static void assert_uncovered(const struct coverage_facts *facts, const char *pcrs,
                             const char *components)
{
    struct coverage coverage;
    struct error err = {0};
    char named[512] = "|";

    coverage_assess(facts, mask_of(pcrs), &coverage);
    assert_false(coverage_is_enough(&coverage, &err));
    assert_int_equal(err.code, COLDSEAL_TPM);
    for (size_t i = 0; i < coverage.count; i++) {
        if (coverage.rows[i].verdict != COVERAGE_UNCOVERED)
            continue;
        assert_non_null(strstr(err.message, coverage.rows[i].component));
        strcat(strcat(named, coverage.rows[i].component), "|");
    }
    assert_string_equal(named, components);
}

static void test_grub(void **state)
{
    (void)state;
    assert_enough(&grub, "4,7,8,9,14,15");
    assert_enough(&grub, "0,2,4,7,8,9,14,15");
    /* signatures vouch for programs */
    assert_enough(&grub, "7,8,9,14,15");
    assert_uncovered(&grub, "7",
                     "|GRUB's commands|files that GRUB reads|kernel command line|initramfs|"
                     "machine owner keys|" BESIDE_SHIM "what runs after the unlock|");
    assert_uncovered(&grub, "4,7,15",
                     "|GRUB's commands|files that GRUB reads|kernel command line|initramfs|");
    assert_uncovered(&grub, "4,7,8,14,15", "|files that GRUB reads|initramfs|");
    /* commands typed at the menu are in no file, but the stub measures the command line */
    assert_uncovered(&grub, "4,7,9,14,15", "|GRUB's commands|");
    assert_uncovered(&grub, "4,7,8,9,14", "|what runs after the unlock|");
    assert_uncovered(&grub, "4,8,9,14,15", "|Secure Boot|Secure Boot keys|");
}

static void test_secure_boot_off(void **state)
{
    struct coverage_facts facts = grub;

    (void)state;
    facts.secure_boot = SECURE_BOOT_OFF;
    facts.signatures_verified = false;
    facts.kernel_in_pcr_4 = false;
    assert_uncovered(&facts, "4,7,8,9,14,15", "|Secure Boot|");
    assert_uncovered(&facts, "7,8,9,14,15", "|Secure Boot|shim|GRUB|");
    assert_uncovered(&facts, "4,7,8,14,15", "|Secure Boot|files that GRUB reads|kernel|initramfs|");
}

static void test_values_only(void **state)
{
    struct coverage_facts facts = {.chain = PREDICTION_SHIM_GRUB, .kernel_in_pcr_4 = true};

    (void)state;
    assert_enough(&facts, "4,7,8,9,14,15");
    assert_uncovered(&facts, "7,8,9,14,15", "|shim|GRUB|");
}

static void test_uki(void **state)
{
    struct coverage_facts direct = uki;

    (void)state;
    assert_enough(&uki, "4,7,11,12,14,15");
    assert_uncovered(&uki, "4,7,11,14,15", "|command line and credentials beside it|");
    assert_uncovered(&uki, "7,11,12,15", "|machine owner keys|" BESIDE_SHIM);
    direct.chain = PREDICTION_UKI;
    assert_enough(&direct, "7,12,15");
}

static void test_json(void **state)
{
    struct coverage coverage;
    struct error err = {0};
    const char *text;

    (void)state;
    coverage_assess(&grub, mask_of("4,7,8,14,15"), &coverage);
    OWNED_JSON json = coverage_to_json(&coverage, &err);
    assert_non_null(json);
    assert_true(json_get_string(json, "kernel", &text, &err));
    assert_string_equal(text, "PCR 4");
    assert_true(json_get_string(json, "initramfs", &text, &err));
    assert_string_equal(text, "not covered: needs PCR 9");
    assert_true(json_get_string(json, "firmware", &text, &err));
    assert_memory_equal(text, "outside: ", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grub),        cmocka_unit_test(test_secure_boot_off),
        cmocka_unit_test(test_values_only), cmocka_unit_test(test_uki),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
