/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware document: what is written is read again, and what is odd is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "measure/firmware.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A list of one SHA-256 digest */
static const uint8_t list[28 + 48] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,    0xac,
                                      0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28, 28 + 48, 0,
                                      0,    0,    0,    0,    0,    0,    48};

/* sha256sum and sha1sum of 32 and 20 zero bytes with as many of 0x11 behind them */
#define PCR_SHA256 "8878b15a7d6a3a4f464e8f9f42591dbc0cf4bedea0ec309003d2b2ee53655ef8"
#define PCR_SHA1 "b3e26c6ca6785f04dd7187293d802d5b16dad8c1"
#define ONES_20 "1111111111111111111111111111111111111111"
#define ONES_32 "1111111111111111111111111111111111111111111111111111111111111111"
#define HEAD "{\"type\":\"coldseal-firmware\",\"format\":1,\"origin\":\"x\",\"secure_boot\":false,"
#define ACTION "\"boot_option_action\":{\"measured\":true}"
#define EMPTY HEAD "\"variables\":{}," ACTION
#define VARIABLE(v) HEAD "\"variables\":{" v "}," ACTION "}"
#define EVENT                                                                           \
    "{\"pcr\":0,\"type\":8,\"digests\":{\"sha1\":\"" ONES_20 "\",\"sha256\":\"" ONES_32 \
    "\"},\"data\":\"AAAA\"}"
#define RECORDED(pcr, event)                                                                    \
    EMPTY ",\"recorded\":{\"pcrs\":{\"sha1\":{\"" pcr "\":\"" PCR_SHA1 "\"},\"sha256\":{\"" pcr \
          "\":\"" PCR_SHA256 "\"}},\"events\":[" event "]}}"

static struct firmware *parse(const char *text, struct error *err)
{
    OWNED_JSON json = json_parse(text, strlen(text), err);

    return json == NULL ? NULL : firmware_from_json(json, err);
}

static void expect_refusal(const char *text, enum coldseal_code code, const char *what)
{
    struct error err = {0};
    OWNED(firmware) firmware = parse(text, &err);

    assert_null(firmware);
    if (err.code != code || strstr(err.message, what) == NULL)
        fail_msg("%s: not %d and \"%s\": %d, %s", text, (int)code, what, (int)err.code,
                 err.message);
}

static void test_written_and_read(void **state)
{
    struct error err = {0};
    OWNED(firmware) made = firmware_new(&err);

    (void)state;
    assert_non_null(made);
    snprintf(made->origin, sizeof(made->origin), "a store");
    assert_true(firmware_set_variable(made, FIRMWARE_SECURE_BOOT, 6, "\1", 1, true, &err));
    assert_true(firmware_set_variable(made, FIRMWARE_DB, 39, list, sizeof(list), false, &err));
    firmware_set_absent(made, FIRMWARE_DBT, false);
    firmware_settle(made);
    OWNED_JSON json = firmware_to_json(made, &err);
    assert_non_null(json);
    OWNED(firmware) read = firmware_from_json(json, &err);
    assert_non_null(read);
    assert_string_equal(read->origin, "a store");
    assert_true(read->secure_boot && read->secure_boot_guessed);
    assert_true(read->boot_option_action && read->boot_option_action_guessed);
    const struct firmware_variable *db = &read->variables[FIRMWARE_DB];
    assert_true(db->known && db->present && !db->guessed);
    assert_int_equal(db->attributes, 39);
    assert_int_equal(db->data->size, sizeof(list));
    assert_memory_equal(db->data->data, list, sizeof(list));
    assert_true(read->variables[FIRMWARE_DBT].known);
    assert_false(read->variables[FIRMWARE_DBT].present);
    assert_false(read->variables[FIRMWARE_DBX].known);
}

static void test_recorded(void **state)
{
    struct error err = {0};
    OWNED(firmware) firmware = parse(RECORDED("0", EVENT), &err);

    (void)state;
    if (firmware == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(firmware->recorded->count, 1);
    assert_int_equal(firmware->recorded->events[0].data_size, 3);
    assert_int_equal(firmware->recorded_pcrs.known, 1);
    OWNED_JSON json = firmware_to_json(firmware, &err);
    OWNED(firmware) again = firmware_from_json(json, &err);
    assert_non_null(again);
    assert_true(digest_set_equal(&again->recorded_pcrs.pcrs[0], &firmware->recorded_pcrs.pcrs[0]));
    assert_memory_equal(again->recorded->events[0].data, "\0\0\0", 3);
}

static void test_bad_recorded(void **state)
{
    (void)state;
    expect_refusal(RECORDED("0", ""), COLDSEAL_BAD_IMAGE, "not those of the events");
    expect_refusal(RECORDED("1", EVENT), COLDSEAL_BAD_IMAGE, "not those of the events");
    expect_refusal(RECORDED("0", EVENT "," EVENT), COLDSEAL_BAD_IMAGE, "not those of the events");
    expect_refusal(RECORDED("4", EVENT), COLDSEAL_BAD_IMAGE, "a PCR that the image decides");
    expect_refusal(RECORDED("24", EVENT), COLDSEAL_BAD_IMAGE, "not a PCR");
    expect_refusal(RECORDED("0", "7"), COLDSEAL_BAD_IMAGE, "event 0: not an object");
    expect_refusal(RECORDED("0", "{\"pcr\":4,\"type\":8,\"digests\":{},\"data\":\"\"}"),
                   COLDSEAL_BAD_IMAGE, "event of PCR 4");
    expect_refusal(RECORDED("0", "{\"pcr\":0,\"type\":8,\"digests\":{},\"data\":\"\"}"),
                   COLDSEAL_BAD_IMAGE, "no bank");
    expect_refusal(RECORDED("0", "{\"pcr\":0,\"type\":8,\"digests\":{\"sha1\":\"11\"},"
                                 "\"data\":\"\"}"),
                   COLDSEAL_BAD_IMAGE, "not 40 hexadecimal digits");
    expect_refusal(RECORDED("0", "{\"pcr\":0,\"type\":8,\"digests\":{\"md5\":\"11\"},"
                                 "\"data\":\"\"}"),
                   COLDSEAL_BAD_IMAGE, "\"md5\" is not a digest's algorithm");
    expect_refusal(EMPTY ",\"recorded\":{}}", COLDSEAL_BAD_IMAGE, "\"pcrs\" is missing");
    expect_refusal(EMPTY ",\"recorded\":{\"pcrs\":{\"sha1\":{},\"sha256\":{\"0\":\"" PCR_SHA256
                         "\"}}}}",
                   COLDSEAL_BAD_IMAGE, "different PCRs");
}

static void test_bad_documents(void **state)
{
    const struct {
        const char *text;
        enum coldseal_code code;
        const char *what;
    } bad[] = {
        {"[]", COLDSEAL_BAD_IMAGE, "\"type\" is missing"},
        {"{\"type\":\"coldseal-target\",\"format\":1}", COLDSEAL_BAD_IMAGE, "not \"coldseal-fi"},
        {"{\"type\":\"coldseal-firmware\",\"format\":2}", COLDSEAL_UNSUPPORTED, "newer"},
        {EMPTY ",\"more\":1}", COLDSEAL_BAD_IMAGE, "\"more\" is unknown"},
        {HEAD "\"variables\":{}}", COLDSEAL_BAD_IMAGE, "\"boot_option_action\" is missing"},
        {VARIABLE("\"DB\":{\"present\":false}"), COLDSEAL_BAD_IMAGE, "no variable of that name"},
        {VARIABLE("\"db\":{\"present\":1}"), COLDSEAL_BAD_IMAGE, "not of type boolean"},
        {VARIABLE("\"db\":{\"present\":false,\"data\":\"\"}"), COLDSEAL_BAD_IMAGE, "has content"},
        {VARIABLE("\"db\":{\"present\":true,\"attributes\":39,\"data\":\"\"}"), COLDSEAL_BAD_IMAGE,
         "variable db has 0 bytes"},
        {VARIABLE("\"db\":{\"present\":true,\"attributes\":39,\"data\":\"AAAA\"}"),
         COLDSEAL_BAD_IMAGE, "the list at byte 0 is malformed"},
        {VARIABLE("\"db\":{\"present\":true,\"attributes\":39,\"data\":\"A\"}"), COLDSEAL_BAD_IMAGE,
         "not base64"},
        {VARIABLE("\"db\":{\"present\":true,\"attributes\":4294967296,\"data\":\"AAAA\"}"),
         COLDSEAL_BAD_IMAGE, "too large"},
        {VARIABLE("\"SecureBoot\":{\"present\":true,\"attributes\":6,\"data\":\"AQ==\"}"),
         COLDSEAL_BAD_IMAGE, "\"secure_boot\" is not what"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++)
        expect_refusal(bad[i].text, bad[i].code, bad[i].what);
}

static void test_names(void **state)
{
    enum firmware_variable_id id;

    (void)state;
    for (size_t i = 0; i < FIRMWARE_VARIABLES; i++) {
        enum firmware_variable_id it = (enum firmware_variable_id)i;
        const char *name = firmware_variable_name(it);
        assert_true(firmware_variable_find(name, firmware_variable_guid(it), &id));
        assert_int_equal(id, it);
    }
    assert_false(firmware_variable_find("db", firmware_variable_guid(FIRMWARE_PK), &id));
    assert_true(firmware_variable_find("db", NULL, &id));
    assert_int_equal(id, FIRMWARE_DB);
}

static void test_find(void **state)
{
    struct error err = {0};
    char folder[4096];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/templates", getenv("SRC"));
    OWNED(firmware) named = firmware_find("debian-12-ovmf-ms", folder, &err);
    if (named == NULL)
        fail_msg("%s", err.message);
    assert_true(named->secure_boot);
    OWNED(firmware) other = firmware_find("debian-12-ovmf", folder, &err);
    assert_non_null(other);
    assert_false(other->secure_boot);
    OWNED(firmware) none = firmware_find("no-such-firmware", folder, &err);
    assert_null(none);
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_non_null(strstr(err.message, "no-such-firmware"));
    OWNED(firmware) path = firmware_find("./debian-12-ovmf", folder, &err);
    assert_null(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_bad_recorded),
        cmocka_unit_test(test_bad_documents),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
