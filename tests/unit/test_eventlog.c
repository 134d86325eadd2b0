/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs put together byte by byte, good ones and hostile ones. Values are sha256sum's. */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "core/hex.h"
#include "core/writer.h"
#include "measure/eventlog.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define LOG_ROOM 4096

struct sample {
    uint8_t bytes[LOG_ROOM];
    struct writer w;
};

static void sample_begin(struct sample *sample)
{
    sample->w = writer_over(sample->bytes, sizeof(sample->bytes));
}

static void put_sha1_event(struct writer *w, uint32_t pcr, uint32_t type, const void *data,
                           uint32_t size)
{
    write_u32le(w, pcr);
    write_u32le(w, type);
    write_zeros(w, 20);
    write_u32le(w, size);
    write_bytes(w, data, size);
}

struct bank {
    uint16_t algorithm;
    uint16_t size;
};

static void put_spec_id(struct writer *w, const struct bank *banks, uint32_t count)
{
    uint8_t spec[256];
    struct writer s = writer_over(spec, sizeof(spec));

    write_bytes(&s, "Spec ID Event03", 16);
    write_u32le(&s, 0);
    write_u32le(&s, 0x02000200);
    write_u32le(&s, count);
    for (uint32_t i = 0; i < count; i++) {
        write_u16le(&s, banks[i].algorithm);
        write_u16le(&s, banks[i].size);
    }
    write_u8(&s, 0);
    put_sha1_event(w, 0, EV_NO_ACTION, spec, (uint32_t)s.position);
}

static void put_event(struct writer *w, uint32_t pcr, uint32_t type, uint8_t fill, const void *data,
                      uint32_t size)
{
    uint8_t digest[32];

    memset(digest, fill, sizeof(digest));
    write_u32le(w, pcr);
    write_u32le(w, type);
    write_u32le(w, 1);
    write_u16le(w, DIGEST_SHA256);
    write_bytes(w, digest, sizeof(digest));
    write_u32le(w, size);
    write_bytes(w, data, size);
}

static const struct bank sha256_only[] = {{DIGEST_SHA256, 32}};

static struct eventlog *sample_parse(const struct sample *sample, struct error *err)
{
    OWNED(bytes) bytes = bytes_copy(sample->bytes, sample->w.position, err);

    assert_false(sample->w.failed);
    assert_non_null(bytes);
    return eventlog_parse(bytes, err);
}

static void expect_refusal(const struct sample *sample, const char *text)
{
    struct error err = {0};
    OWNED(eventlog) log = sample_parse(sample, &err);

    assert_null(log);
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    if (strstr(err.message, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, err.message);
}

static void check_value(const struct pcr_values *values, unsigned pcr, const char *expected)
{
    char text[65];

    hex_encode(values->sha256[pcr], 32, text);
    assert_string_equal(text, expected);
}

static struct pcr_values sample_replay(const struct sample *sample)
{
    struct error err = {0};
    struct pcr_values values;
    OWNED(eventlog) log = sample_parse(sample, &err);

    assert_non_null(log);
    assert_true(eventlog_replay(log, &values, &err));
    return values;
}

/* sha256sum of 32 zero bytes with 32 times 0x11 behind them; of that with 32 times 0x22 behind it;
 * of 31 zero bytes, 3, and 32 times 0x11 */
#define REPLAY_ONCE "8878b15a7d6a3a4f464e8f9f42591dbc0cf4bedea0ec309003d2b2ee53655ef8"
#define REPLAY_TWICE "78830000e1197790a7e1884139a65721210d642ad112e6c9899a05cb214027a5"
#define REPLAY_LOCALITY_3 "b8e8cc97156c2b3142cb8e876236fd4729748153743b480af0949565f227d2eb"

static void test_replay(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_spec_id(&sample.w, sha256_only, 1);
    put_event(&sample.w, 4, EV_SEPARATOR, 0x11, "\0\0\0", 4);
    put_event(&sample.w, 8, EV_IPL, 0x11, "x", 1);
    put_event(&sample.w, 8, EV_IPL, 0x22, "y", 1);
    put_event(&sample.w, 9, EV_NO_ACTION, 0x11, "z", 1);
    struct pcr_values values = sample_replay(&sample);
    assert_int_equal(values.known, 1u << 4 | 1u << 8);
    check_value(&values, 4, REPLAY_ONCE);
    check_value(&values, 8, REPLAY_TWICE);
}

static void test_startup_locality(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_spec_id(&sample.w, sha256_only, 1);
    put_event(&sample.w, 0, EV_NO_ACTION, 0, "StartupLocality\0\3", 17);
    put_event(&sample.w, 0, EV_SEPARATOR, 0x11, "\0\0\0", 4);
    struct pcr_values values = sample_replay(&sample);
    check_value(&values, 0, REPLAY_LOCALITY_3);
}

static void test_unknown_bank_is_skipped(void **state)
{
    const struct bank banks[] = {{0x0012, 32}, {DIGEST_SHA256, 32}};
    struct sample sample;
    uint8_t digests[2][32];

    (void)state;
    memset(digests[0], 0x33, 32);
    memset(digests[1], 0x11, 32);
    sample_begin(&sample);
    put_spec_id(&sample.w, banks, 2);
    write_u32le(&sample.w, 4);
    write_u32le(&sample.w, EV_IPL);
    write_u32le(&sample.w, 2);
    for (int i = 0; i < 2; i++) {
        write_u16le(&sample.w, banks[i].algorithm);
        write_bytes(&sample.w, digests[i], 32);
    }
    write_u32le(&sample.w, 0);
    struct pcr_values values = sample_replay(&sample);
    check_value(&values, 4, REPLAY_ONCE);
}

static void test_sha1_log(void **state)
{
    struct sample sample;
    struct error err = {0};
    struct pcr_values values;

    (void)state;
    sample_begin(&sample);
    put_sha1_event(&sample.w, 0, 8, "version", 7);
    put_sha1_event(&sample.w, 4, EV_SEPARATOR, "\0\0\0", 4);
    write_zeros(&sample.w, 100);
    OWNED(eventlog) log = sample_parse(&sample, &err);
    assert_non_null(log);
    assert_int_equal(log->count, 2);
    assert_int_equal(log->events[0].digests[0].algorithm, DIGEST_SHA1);
    assert_false(eventlog_replay(log, &values, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_non_null(strstr(err.message, "no sha256 digest"));
    OWNED_PTR(char) text = digestlog_encode(log, &err);
    assert_null(text);
}

static void test_fill_behind_the_log(void **state)
{
    for (int fill = 0; fill <= 0xff; fill += 0xff) {
        struct sample sample;
        struct error err = {0};

        sample_begin(&sample);
        put_spec_id(&sample.w, sha256_only, 1);
        put_event(&sample.w, 4, EV_IPL, 0x11, "x", 1);
        memset(sample.bytes + sample.w.position, fill, 200);
        sample.w.position += 200;
        OWNED(eventlog) log = sample_parse(&sample, &err);
        assert_non_null(log);
        assert_int_equal(log->count, 2);
        sample.bytes[sample.w.position - 1] ^= 1;
        expect_refusal(&sample, "cut off or malformed");
    }
    (void)state;
}

static void test_every_cut(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_spec_id(&sample.w, sha256_only, 1);
    size_t first = sample.w.position;
    put_event(&sample.w, 4, EV_IPL, 0x11, "abc", 3);
    for (size_t size = sample.w.position - 1; size > 8; size--) {
        if (size == first)
            continue;
        sample.w.position = size;
        expect_refusal(&sample, "event log");
    }
}

static void test_hostile_spec_id(void **state)
{
    const struct {
        struct bank banks[3];
        uint32_t count;
    } bad[] = {
        {{{0}}, 0},
        {{{DIGEST_SHA256, 32}, {DIGEST_SHA256, 32}}, 2},
        {{{DIGEST_SHA256, 20}}, 1},
        {{{DIGEST_SHA1, 32}}, 1},
        {{{0x0012, 0}}, 1},
        {{{0x0012, 65}}, 1},
        {{{DIGEST_SHA256, 32}, {0x0012, 65535}}, 2},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct sample sample;
        sample_begin(&sample);
        put_spec_id(&sample.w, bad[i].banks, bad[i].count);
        put_event(&sample.w, 4, EV_IPL, 0x11, "x", 1);
        expect_refusal(&sample, "Spec ID event is malformed");
    }
}

static void test_spec_id_count_beyond_its_event(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_spec_id(&sample.w, sha256_only, 1);
    /* numberOfAlgorithms, behind the event's head, signature and two words */
    sample.bytes[32 + 16 + 8] = 16;
    expect_refusal(&sample, "Spec ID event is malformed");
    sample.bytes[32 + 16 + 8] = 17;
    expect_refusal(&sample, "Spec ID event is malformed");
    sample.bytes[32 + 16 + 8 + 3] = 0xff;
    expect_refusal(&sample, "Spec ID event is malformed");
}

/* Offsets into the one event behind the Spec ID event */
static void test_hostile_events(void **state)
{
    const struct {
        size_t offset;
        uint32_t value;
        const char *text;
    } bad[] = {
        {0, 24, "PCR that does not exist"},
        {0, 0xffffffff, "PCR that does not exist"},
        {8, 0, "malformed"},
        {8, 2, "malformed"},
        {8, 0xffffffff, "malformed"},
        {12, 0x11110004, "malformed"},
        {46, 0xffffffff, "malformed"},
        {46, 4, "malformed"},
        {46, 2, "malformed"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct sample sample;
        sample_begin(&sample);
        put_spec_id(&sample.w, sha256_only, 1);
        struct writer at = writer_over(sample.bytes + sample.w.position + bad[i].offset, 4);
        put_event(&sample.w, 4, EV_IPL, 0x11, "abc", 3);
        write_u32le(&at, bad[i].value);
        expect_refusal(&sample, bad[i].text);
    }
}

static void test_same_bank_twice_in_an_event(void **state)
{
    const struct bank banks[] = {{DIGEST_SHA1, 20}, {DIGEST_SHA256, 32}};
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_spec_id(&sample.w, banks, 2);
    write_u32le(&sample.w, 4);
    write_u32le(&sample.w, EV_IPL);
    write_u32le(&sample.w, 2);
    for (int i = 0; i < 2; i++) {
        write_u16le(&sample.w, DIGEST_SHA256);
        write_zeros(&sample.w, 32);
    }
    write_u32le(&sample.w, 0);
    expect_refusal(&sample, "malformed");
}

static void test_no_action_of_no_pcr(void **state)
{
    struct sample sample;

    (void)state;
    sample_begin(&sample);
    put_spec_id(&sample.w, sha256_only, 1);
    put_event(&sample.w, 0xffffffff, EV_NO_ACTION, 0, "x", 1);
    put_event(&sample.w, 4, EV_IPL, 0x11, "x", 1);
    struct pcr_values values = sample_replay(&sample);
    assert_int_equal(values.known, 1u << 4);
}

static void test_too_many_events(void **state)
{
    struct error err = {0};
    size_t size = 32 * (EVENTLOG_LIMIT_EVENTS + 1);
    OWNED(bytes) bytes = bytes_new(size, &err);

    (void)state;
    assert_non_null(bytes);
    struct writer w = writer_over(bytes->data, size);
    for (size_t i = 0; i <= EVENTLOG_LIMIT_EVENTS; i++)
        put_sha1_event(&w, 4, EV_IPL, NULL, 0);
    assert_false(w.failed);
    OWNED(eventlog) log = eventlog_parse(bytes, &err);
    assert_null(log);
    assert_non_null(strstr(err.message, "more than 65536 events"));
}

/* Console text with `plain` as a digest log; zlib and OpenSSL do the work. */
static char *console_of(const struct bytes *plain)
{
    struct error err = {0};
    uLongf size = compressBound(plain->size);
    OWNED(bytes) packed = bytes_new(size + 57, &err);

    assert_non_null(packed);
    assert_int_equal(compress2(packed->data, &size, plain->data, plain->size, 9), Z_OK);
    size_t lines = (size + 56) / 57;
    char *text = malloc(lines * 77 + 128);
    assert_non_null(text);
    char *p = stpcpy(text, DIGESTLOG_BEGIN "\n");
    for (size_t i = 0; i < lines; i++) {
        p += EVP_EncodeBlock((uint8_t *)p, packed->data + i * 57, 57);
        p = stpcpy(p, "\n");
    }
    stpcpy(p, DIGESTLOG_END "\n");
    return text;
}

/* A digest log whose stream unpacks to more than a log may have */
static void test_digestlog_bomb(void **state)
{
    struct error err = {0};
    OWNED(bytes) zeros = bytes_new(EVENTLOG_LIMIT_BYTES + 1, &err);

    (void)state;
    assert_non_null(zeros);
    OWNED_PTR(char) text = console_of(zeros);
    OWNED(bytes) console = bytes_copy(text, strlen(text), &err);
    OWNED(bytes) binary = digestlog_decode(console, &err);
    assert_null(binary);
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_non_null(strstr(err.message, "damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_startup_locality),
        cmocka_unit_test(test_unknown_bank_is_skipped),
        cmocka_unit_test(test_sha1_log),
        cmocka_unit_test(test_fill_behind_the_log),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_hostile_spec_id),
        cmocka_unit_test(test_spec_id_count_beyond_its_event),
        cmocka_unit_test(test_hostile_events),
        cmocka_unit_test(test_same_bank_twice_in_an_event),
        cmocka_unit_test(test_no_action_of_no_pcr),
        cmocka_unit_test(test_too_many_events),
        cmocka_unit_test(test_digestlog_bomb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
