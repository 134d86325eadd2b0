/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes are hashed: the expected digests are of bytes that each test puts together itself.
 * Signed images of others are compared with other tools by tests/integration/authenticode.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "made_pe.h"
#include "measure/authenticode.h"
#include "measure/authenticode_ranges.h"

#define HEADERS 512

/* An image of two sections, and the bytes that count: its headers without the checksum and the
 * certificate table's entry, its sections. */
struct sample {
    struct bytes *file;
    uint8_t hashed[4096];
    size_t hashed_size;
};

static const struct made_section sections[] = {
    {".text", "first section", 13, 0},
    {".bss", NULL, 0, 4096},
    {".data", "second section", 14, 0},
};

static void append(struct sample *sample, const void *data, size_t size)
{
    assert_true(sample->hashed_size + size <= sizeof(sample->hashed));
    memcpy(sample->hashed + sample->hashed_size, data, size);
    sample->hashed_size += size;
}

static void append_headers(struct sample *sample)
{
    const uint8_t *data = sample->file->data;

    append(sample, data, MADE_PE_CHECKSUM);
    append(sample, data + MADE_PE_CHECKSUM + 4, MADE_PE_SECURITY_ENTRY - MADE_PE_CHECKSUM - 4);
    append(sample, data + MADE_PE_SECURITY_ENTRY + 8, HEADERS - MADE_PE_SECURITY_ENTRY - 8);
}

/* `tail` behind the sections; of those, the last `certificates` bytes are the certificate table. */
static void make_sample(struct sample *sample, const char *tail, uint32_t certificates)
{
    struct error err = {0};
    OWNED(bytes) image = make_pe(true, sections, 3);
    size_t size = image->size + strlen(tail);

    *sample = (struct sample){.file = bytes_new(size, &err)};
    assert_non_null(sample->file);
    memcpy(sample->file->data, image->data, image->size);
    memcpy(sample->file->data + image->size, tail, strlen(tail));
    patch_u32(sample->file, MADE_PE_CHECKSUM, 0x12345678);
    if (certificates > 0) {
        patch_u32(sample->file, MADE_PE_SECURITY_ENTRY, (uint32_t)size - certificates);
        patch_u32(sample->file, MADE_PE_SECURITY_ENTRY + 4, certificates);
    }
    append_headers(sample);
    append(sample, image->data + HEADERS, image->size - HEADERS);
    append(sample, tail, strlen(tail) - certificates);
}

static bool digest_of(const struct sample *sample, enum authenticode_rules rules,
                      uint8_t digest[32], struct error *err)
{
    struct pe pe;
    struct authenticode_ranges ranges;

    assert_true(pe_parse(sample->file, &pe, err));
    return authenticode_ranges(&pe, rules, &ranges, err) &&
           authenticode_ranges_digest(&pe, &ranges, DIGEST_SHA256, digest, err);
}

static void expect(const struct sample *sample, enum authenticode_rules rules)
{
    struct error err = {0};
    uint8_t wanted[32];
    uint8_t got[32];

    assert_true(digest_bytes(DIGEST_SHA256, sample->hashed, sample->hashed_size, wanted, &err));
    if (!digest_of(sample, rules, got, &err))
        fail_msg("%s", err.message);
    assert_memory_equal(wanted, got, sizeof(got));
}

static void expect_refusal(const struct sample *sample, enum authenticode_rules rules,
                           const char *words)
{
    struct error err = {0};
    uint8_t digest[32];

    if (digest_of(sample, rules, digest, &err) || err.code != COLDSEAL_BAD_IMAGE ||
        strstr(err.message, words) == NULL)
        fail_msg("%s: %s", words, err.message);
}

static void test_plain(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "", 0);
    expect(&sample, AUTHENTICODE_EDK2);
    expect(&sample, AUTHENTICODE_SHIM);
    bytes_free(sample.file);
}

static void test_three_banks(void **state)
{
    struct error err = {0};
    struct sample sample;
    struct digest_set wanted;
    struct digest_set got;
    struct pe pe;

    (void)state;
    make_sample(&sample, "", 0);
    assert_true(digest_set_bytes(sample.hashed, sample.hashed_size, &wanted, &err));
    assert_true(pe_parse(sample.file, &pe, &err));
    assert_true(authenticode_digests(&pe, &got, &err));
    assert_true(digest_set_equal(&wanted, &got));
    bytes_free(sample.file);
}

static void test_signed(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "certificates....", 16);
    expect(&sample, AUTHENTICODE_EDK2);
    expect(&sample, AUTHENTICODE_SHIM);
    bytes_free(sample.file);
    make_sample(&sample, "data behind the sections certificates....", 16);
    expect(&sample, AUTHENTICODE_EDK2);
    expect(&sample, AUTHENTICODE_SHIM);
    bytes_free(sample.file);
}

/* shim alone fills an odd file up with zeros. */
static void test_odd_size(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "odd", 0);
    expect(&sample, AUTHENTICODE_EDK2);
    append(&sample, "\0\0\0\0", 5); /* with its own NUL */
    expect(&sample, AUTHENTICODE_SHIM);
    bytes_free(sample.file);
}

/* The certificates' size is left out at the end of the file, wherever the entry says they are. */
static void test_certificates_elsewhere(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "certificates....", 16);
    patch_u32(sample.file, MADE_PE_SECURITY_ENTRY, 520);
    expect(&sample, AUTHENTICODE_EDK2);
    expect_refusal(&sample, AUTHENTICODE_SHIM, "not at its end");
    bytes_free(sample.file);
}

/* The table's order is not the file's. */
static void test_sections_out_of_order(void **state)
{
    struct sample sample;
    uint8_t row[MADE_PE_SECTION_BYTES];

    (void)state;
    make_sample(&sample, "", 0);
    uint8_t *first = sample.file->data + MADE_PE_SECTIONS;
    uint8_t *third = first + (size_t)2 * MADE_PE_SECTION_BYTES;
    memcpy(row, first, sizeof(row));
    memcpy(first, third, sizeof(row));
    memcpy(third, row, sizeof(row));
    uint8_t data[1024];
    memcpy(data, sample.file->data + HEADERS, sizeof(data));
    sample.hashed_size = 0;
    append_headers(&sample);
    append(&sample, data, sizeof(data));
    expect(&sample, AUTHENTICODE_EDK2);
    expect(&sample, AUTHENTICODE_SHIM);
    bytes_free(sample.file);
}

/* What lies between sections is left out, and the rest begins at the count of bytes that were
 * hashed: the last section's end is hashed twice. */
static void test_gap(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "", 0);
    /* The first section ends 256 bytes earlier than the second begins. */
    patch_u32(sample.file, MADE_PE_SECTIONS + MADE_PE_RAW_SIZE, 256);
    sample.hashed_size = 0;
    append_headers(&sample);
    append(&sample, sample.file->data + HEADERS, 256);
    append(&sample, sample.file->data + HEADERS + 512, 512);
    append(&sample, sample.file->data + sample.file->size - 256, 256);
    expect(&sample, AUTHENTICODE_EDK2);
    expect(&sample, AUTHENTICODE_SHIM);
    bytes_free(sample.file);
}

static void test_no_entry(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "odd", 0);
    patch_u32(sample.file, MADE_PE_DIRECTORY_COUNT, 4);
    patch_u32(sample.file, MADE_PE_SECURITY_ENTRY + 4, 0xffffffff);
    const uint8_t *data = sample.file->data;
    sample.hashed_size = 0;
    append(&sample, data, MADE_PE_CHECKSUM);
    append(&sample, data + MADE_PE_CHECKSUM + 4, sample.file->size - MADE_PE_CHECKSUM - 4);
    expect(&sample, AUTHENTICODE_EDK2);
    expect_refusal(&sample, AUTHENTICODE_SHIM, "no entry");
    bytes_free(sample.file);
}

static void test_hostile(void **state)
{
    struct sample sample;

    (void)state;
    make_sample(&sample, "odd", 0);
    patch_u32(sample.file, MADE_PE_SECURITY_ENTRY + 4, 4);
    expect_refusal(&sample, AUTHENTICODE_EDK2, "longer than the file");
    patch_u32(sample.file, MADE_PE_SECURITY_ENTRY + 4, 0xffffffff);
    expect_refusal(&sample, AUTHENTICODE_EDK2, "longer than the file");
    expect_refusal(&sample, AUTHENTICODE_SHIM, "longer than the file");
    /* Two sections of nearly the whole file. */
    patch_u32(sample.file, MADE_PE_SECTIONS + MADE_PE_RAW_OFFSET, 0);
    patch_u32(sample.file, MADE_PE_SECTIONS + MADE_PE_RAW_SIZE, 1024);
    expect_refusal(&sample, AUTHENTICODE_EDK2, "overlap");
    expect_refusal(&sample, AUTHENTICODE_SHIM, "overlap");
    bytes_free(sample.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_three_banks),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_odd_size),
        cmocka_unit_test(test_certificates_elsewhere),
        cmocka_unit_test(test_sections_out_of_order),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_no_entry),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
