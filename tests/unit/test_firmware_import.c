/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware states from logs and from virt-firmware's JSON: hostile ones, and what counts when two
 * are put together. Those of real machines are in integration/firmware and replay/published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/writer.h"
#include "measure/event_types.h"
#include "measure/firmware_import.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define LOG_BYTES 4096
#define GLOBAL "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SHIM "605dab50-e046-4300-abb6-3dd810dd8b23"
#define EV_PLATFORM_CONFIG_FLAGS 10u
#define VARIABLE(name, guid, data) \
    "{\"name\":\"" name "\",\"guid\":\"" guid "\",\"attr\":6,\"data\":\"" data "\"}"
#define JSON(variables) "{\"version\":2,\"variables\":[" variables "]}"

struct sample {
    uint8_t bytes[LOG_BYTES];
    struct writer w;
};

static void sample_begin(struct sample *sample)
{
    struct writer *w = &sample->w;

    *w = writer_over(sample->bytes, sizeof(sample->bytes));
    write_u32le(w, 0);
    write_u32le(w, EV_NO_ACTION);
    write_zeros(w, 20);
    write_u32le(w, 33);
    write_bytes(w, "Spec ID Event03", 16);
    write_u32le(w, 0);
    write_u32le(w, 0x02000200);
    write_u32le(w, 1);
    write_u16le(w, DIGEST_SHA256);
    write_u16le(w, 32);
    write_u8(w, 0);
}

/* An event whose digest is that of `of`, for a data that may be other. */
static void put_event(struct sample *sample, uint32_t pcr, uint32_t type, const void *of,
                      size_t of_size, const void *data, size_t size)
{
    struct writer *w = &sample->w;
    struct error err = {0};
    uint8_t digest[32];

    assert_true(digest_bytes(DIGEST_SHA256, of, of_size, digest, &err));
    write_u32le(w, pcr);
    write_u32le(w, type);
    write_u32le(w, 1);
    write_u16le(w, DIGEST_SHA256);
    write_bytes(w, digest, sizeof(digest));
    write_u32le(w, (uint32_t)size);
    write_bytes(w, data, size);
    assert_false(w->failed);
}

static void put_plain(struct sample *sample, uint32_t pcr, uint32_t type, const char *data)
{
    put_event(sample, pcr, type, data, strlen(data), data, strlen(data));
}

/* UEFI_VARIABLE_DATA; `more` and `longer` are added to its counts of characters and of bytes. */
static size_t variable_data(uint8_t *out, const char *name, const char *vendor, const char *data,
                            uint64_t more, uint64_t longer)
{
    struct writer w = writer_over(out, 512);
    struct guid guid;

    assert_true(guid_parse(vendor, &guid));
    write_bytes(&w, guid.bytes, sizeof(guid.bytes));
    write_u64le(&w, strlen(name) + more);
    write_u64le(&w, strlen(data) + longer);
    for (const char *p = name; *p != '\0'; p++)
        write_u16le(&w, (uint8_t)*p);
    write_bytes(&w, data, strlen(data));
    return w.position;
}

static void put_variable(struct sample *sample, const char *name, const char *vendor,
                         const char *data)
{
    uint8_t bytes[512];
    size_t size = variable_data(bytes, name, vendor, data, 0, 0);

    put_event(sample, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, bytes, size, bytes, size);
}

static struct firmware *sample_import(const struct sample *sample, json_object *notes,
                                      struct error *err)
{
    OWNED(bytes) bytes = bytes_copy(sample->bytes, sample->w.position, err);

    return bytes == NULL ? NULL : firmware_from_log(bytes, notes, err);
}

static void expect_refusal(const struct sample *sample, const char *text)
{
    struct error err = {0};
    OWNED_JSON notes = json_new_array(&err);
    OWNED(firmware) firmware = sample_import(sample, notes, &err);

    assert_null(firmware);
    if (err.code != COLDSEAL_BAD_IMAGE || strstr(err.message, text) == NULL)
        fail_msg("no \"%s\": %d, %s", text, (int)err.code, err.message);
}

static void test_log(void **state)
{
    struct sample sample;
    struct error err = {0};
    OWNED_JSON notes = json_new_array(&err);

    (void)state;
    sample_begin(&sample);
    put_plain(&sample, 1, EV_PLATFORM_CONFIG_FLAGS, "settings");
    put_variable(&sample, "SecureBoot", GLOBAL, "\1");
    put_variable(&sample, "PK", GLOBAL, "");
    put_variable(&sample, "AuditMode", GLOBAL, "\1");
    put_plain(&sample, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "a program");
    put_plain(&sample, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    put_plain(&sample, 4, EV_EFI_ACTION, "Returning from EFI Application from Boot Option");
    put_event(&sample, 14, EV_IPL, "\1", 1, "MokSBState", 11);
    OWNED(firmware) firmware = sample_import(&sample, notes, &err);
    if (firmware == NULL)
        fail_msg("%s", err.message);
    assert_true(firmware->secure_boot && !firmware->secure_boot_guessed);
    assert_true(firmware->variables[FIRMWARE_PK].known &&
                !firmware->variables[FIRMWARE_PK].present);
    assert_false(firmware->variables[FIRMWARE_DB].known);
    assert_true(firmware->variables[FIRMWARE_DBT].known);
    assert_int_equal(firmware->variables[FIRMWARE_MOK_SB_STATE].data->data[0], 1);
    assert_true(firmware->variables[FIRMWARE_MOK_POLICY].known);
    assert_false(firmware->variables[FIRMWARE_MOK_LIST].known);
    /* the action came behind a program: of another boot option */
    assert_false(firmware->boot_option_action || firmware->boot_option_action_guessed);
    assert_int_equal(firmware->recorded->count, 2);
    assert_int_equal(firmware->recorded_pcrs.known, 1u << 1);
    assert_int_equal(json_object_array_length(notes), 2);
}

/* An action that is measured with a NUL is not the one that is predicted. */
static void test_action_with_nul(void **state)
{
    static const char text[] = "Calling EFI Application from Boot Option";
    struct sample sample;
    struct error err = {0};
    OWNED_JSON notes = json_new_array(&err);

    (void)state;
    sample_begin(&sample);
    put_variable(&sample, "SecureBoot", GLOBAL, "\1");
    put_event(&sample, 4, EV_EFI_ACTION, text, sizeof(text), text, sizeof(text));
    put_plain(&sample, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "a program");
    OWNED(firmware) firmware = sample_import(&sample, notes, &err);
    assert_non_null(firmware);
    assert_false(firmware->boot_option_action);
}

static void test_bad_variables(void **state)
{
    const struct {
        const char *data;
        uint64_t more, longer;
    } bad[] = {
        {"\1", 1, 0},          {"\1", UINT64_MAX, 0}, {"\1", UINT64_MAX / 2, 0},
        {"\1", 0, UINT64_MAX}, {"\1", 0, 1},          {"\1\1", 0, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct sample sample;
        uint8_t bytes[512];
        size_t size =
            variable_data(bytes, "SecureBoot", GLOBAL, bad[i].data, bad[i].more, bad[i].longer);
        sample_begin(&sample);
        put_event(&sample, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, bytes, size, bytes, size);
        expect_refusal(&sample, "event 1, a variable, is not what its digest says");
    }
}

static void test_bad_logs(void **state)
{
    struct sample sample;
    uint8_t bytes[512];
    size_t size = variable_data(bytes, "SecureBoot", GLOBAL, "\1", 0, 0);

    (void)state;
    sample_begin(&sample);
    put_event(&sample, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "x", 1, bytes, size);
    expect_refusal(&sample, "not what its digest says");
    sample_begin(&sample);
    put_event(&sample, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, bytes, size, bytes, 15);
    expect_refusal(&sample, "not what its digest says");
    sample_begin(&sample);
    put_plain(&sample, 1, EV_PLATFORM_CONFIG_FLAGS, "of a trust domain");
    expect_refusal(&sample, "no variable SecureBoot in PCR 7");
    sample_begin(&sample);
    put_variable(&sample, "SecureBoot", GLOBAL, "\1");
    put_variable(&sample, "KEK", GLOBAL, "no list");
    expect_refusal(&sample, "variable KEK");
}

static struct efi_variables *parse(const char *text, struct error *err)
{
    OWNED_JSON json = json_parse(text, strlen(text), err);

    return json == NULL ? NULL : efi_variables_from_json(json, err);
}

static void test_bad_json(void **state)
{
    const struct {
        const char *text;
        enum coldseal_code code;
        const char *what;
    } bad[] = {
        {"[]", COLDSEAL_BAD_IMAGE, "\"version\" is missing"},
        {"{\"version\":1,\"variables\":[]}", COLDSEAL_UNSUPPORTED, "version 1"},
        {"{\"version\":2,\"variables\":{}}", COLDSEAL_BAD_IMAGE, "not of type array"},
        {JSON("7"), COLDSEAL_BAD_IMAGE, "variable 0: member \"name\" is missing"},
        {JSON(VARIABLE("PK", "x", "")), COLDSEAL_BAD_IMAGE, "not a GUID"},
        {JSON(VARIABLE("PK", GLOBAL, "1")), COLDSEAL_BAD_IMAGE, "not hexadecimal"},
        {JSON(VARIABLE("PK", GLOBAL, "xx")), COLDSEAL_BAD_IMAGE, "not hexadecimal"},
        {JSON(VARIABLE("PK", GLOBAL, "00") "," VARIABLE("PK", GLOBAL, "00")), COLDSEAL_BAD_IMAGE,
         "variable 1: PK is there twice"},
        {JSON("{\"name\":\"PK\",\"guid\":\"" GLOBAL "\",\"attr\":4294967296,\"data\":\"\"}"),
         COLDSEAL_BAD_IMAGE, "too large"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct error err = {0};
        OWNED(efi_variables) variables = parse(bad[i].text, &err);
        assert_null(variables);
        if (err.code != bad[i].code || strstr(err.message, bad[i].what) == NULL)
            fail_msg("%s: %d, %s", bad[i].text, (int)err.code, err.message);
    }
}

/* A copy for run time whose list is cut, and one that is shorter than a list's head */
static void test_bad_copies(void **state)
{
    const char *const bad[] = {"", "00", "2616c4c14c509240aca941f936934328ffffffff"};

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct error err = {0};
        char text[512];
        snprintf(text, sizeof(text), JSON(VARIABLE("MokListRT", SHIM, "%s")), bad[i]);
        OWNED(efi_variables) variables = parse(text, &err);
        assert_non_null(variables);
        OWNED(firmware) firmware = firmware_from_efivars(variables, &err);
        assert_null(firmware);
        assert_non_null(strstr(err.message, "MokListRT is cut off"));
    }
}

static struct firmware *with_level(const char *level, bool guessed)
{
    struct error err = {0};
    struct firmware *firmware = firmware_new(&err);

    assert_non_null(firmware);
    assert_true(firmware_set_variable(firmware, FIRMWARE_SBAT_LEVEL, 3, level, strlen(level),
                                      guessed, &err));
    return firmware;
}

static void test_merge(void **state)
{
    const struct {
        bool first_guessed, second_guessed;
        char value;
        bool differs;
    } cases[] = {
        {false, false, 'b', true},
        {true, false, 'b', false},
        {false, true, 'a', false},
        {true, true, 'b', false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct error err = {0};
        uint32_t differing;
        OWNED(firmware) into = with_level("a", cases[i].first_guessed);
        OWNED(firmware) from = with_level("b", cases[i].second_guessed);
        assert_true(firmware_merge(into, from, &differing, &err));
        assert_int_equal(into->variables[FIRMWARE_SBAT_LEVEL].data->data[0], cases[i].value);
        assert_int_equal(differing != 0, cases[i].differs);
        assert_false(into->variables[FIRMWARE_DB].known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log),           cmocka_unit_test(test_action_with_nul),
        cmocka_unit_test(test_bad_variables), cmocka_unit_test(test_bad_logs),
        cmocka_unit_test(test_bad_json),      cmocka_unit_test(test_bad_copies),
        cmocka_unit_test(test_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
