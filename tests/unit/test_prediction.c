/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up boot, written as an event log: tpm2_eventlog must read it and come to our PCRs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/hex.h"
#include "core/outfile.h"
#include "measure/eventlog.h"
#include "measure/prediction.h"
#include "shell.h"

static void measure(struct prediction *prediction, uint32_t pcr, uint32_t type, const char *bytes)
{
    struct error err = {0};
    const struct measurement measurement = {
        .pcr = pcr, .type = type, .what = bytes, .data = bytes, .data_size = strlen(bytes)};

    assert_true(prediction_measure_bytes(prediction, &measurement, bytes, strlen(bytes), &err));
}

static struct prediction *sample(void)
{
    struct error err = {0};
    struct prediction *prediction = prediction_new(PREDICTION_SHIM_GRUB, "", &err);

    assert_non_null(prediction);
    measure(prediction, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    measure(prediction, 7, EV_SEPARATOR, "0123");
    measure(prediction, 8, EV_IPL, "grub_cmd: set x=1");
    measure(prediction, 9, EV_IPL, "/vmlinuz");
    measure(prediction, 9, EV_IPL, "/initrd.img");
    measure(prediction, 14, EV_IPL, "MokList");
    assert_true(prediction_note(prediction, &err, "line %d", 7));
    assert_true(prediction_replay(prediction, &err));
    return prediction;
}

/* "sha256 9 0x…" as tpm2_eventlog has it. */
static void assert_tool_has(const struct prediction *prediction, enum digest_algorithm bank,
                            uint32_t pcr)
{
    OWNED_PTR(char) values = shell_output("tpm2_eventlog log.bin | sed -n '/^pcrs:/,$p' |"
                                          " sed -n '/%s:/,/sha/p' | grep ' %u *:'",
                                          digest_name(bank), pcr);
    char text[2 * DIGEST_MAX_BYTES + 1];

    hex_encode(digest_set_value_const(&prediction->pcrs[pcr], bank), digest_size(bank), text);
    if (strcasestr(values, text) == NULL)
        fail_msg("%s %u: %s, not %s", digest_name(bank), pcr, values, text);
}

static void test_log(void **state)
{
    static const uint32_t pcrs[] = {4, 7, 8, 9, 14};
    struct error err = {0};
    OWNED(prediction) prediction = sample();
    OWNED(bytes) log = eventlog_write(prediction, &err);

    (void)state;
    assert_non_null(log);
    assert_true(outfile_write("log.bin", log->data, log->size, 0644, false, &err));
    for (size_t i = 0; i < sizeof(pcrs) / sizeof(pcrs[0]); i++) {
        for (size_t bank = 0; bank < DIGEST_SET_BANKS; bank++)
            assert_tool_has(prediction, digest_set_algorithm(bank), pcrs[i]);
    }
    OWNED(eventlog) parsed = eventlog_parse(log, &err);
    assert_non_null(parsed);
    assert_int_equal(parsed->count, 7);
}

static void test_values(void **state)
{
    static const uint8_t zeros[48];
    struct error err = {0};
    struct pcr_values values;
    OWNED(prediction) prediction = sample();

    (void)state;
    /* Nobody measures there before the unlock. */
    assert_memory_equal(prediction->pcrs[15].sha384, zeros, sizeof(zeros));
    assert_false((prediction->known & 1u << 0) != 0);
    prediction_take_recorded(prediction, 0, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    prediction_pcr_values(prediction, &values);
    assert_int_equal(values.known, prediction_chain_known_pcrs(PREDICTION_SHIM_GRUB) | 1u);
    assert_memory_equal(values.sha256[0], "0123456789abcdef0123456789abcdef", 32);
    assert_memory_equal(values.sha256[9], prediction->pcrs[9].sha256, 32);

    OWNED_JSON json = prediction_to_json(prediction, &err);
    struct pcr_values read;
    assert_non_null(json);
    assert_true(pcr_values_from_json(json, &read, &err));
    assert_int_equal(read.known, values.known);
    assert_memory_equal(&read, &values, sizeof(read));
}

static void test_limits(void **state)
{
    struct error err = {0};
    OWNED(prediction) prediction = sample();
    const struct measurement none = {.pcr = 0, .what = "", .data = ""};
    const struct digest_set zero = {0};

    (void)state;
    /* PCR 0 is not for a prediction to extend. */
    assert_true(prediction_measure_digest(prediction, &none, &zero, &err));
    assert_false(prediction_replay(prediction, &err));
    while (prediction->count < PREDICTION_EVENT_LIMIT)
        assert_true(prediction_measure_digest(prediction, &none, &zero, &err));
    assert_false(prediction_measure_digest(prediction, &none, &zero, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(test_log),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
