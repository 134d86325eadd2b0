/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded reader and writer, and the arithmetic that comes before an allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/checked.h"
#include "core/reader.h"
#include "core/writer.h"

static const uint8_t counting[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void test_read_numbers(void **state)
{
    struct reader r = reader_over(counting, sizeof(counting));
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    (void)state;
    assert_true(read_u8(&r, &u8) && u8 == 1);
    assert_true(read_u64le(&r, &u64) && u64 == UINT64_C(0x0908070605040302));
    assert_int_equal(reader_left(&r), 0);
    assert_true(reader_seek(&r, 1));
    assert_true(read_u64be(&r, &u64) && u64 == UINT64_C(0x0203040506070809));
    assert_true(reader_seek(&r, 0));
    assert_true(read_u16le(&r, &u16) && u16 == 0x0201);
    assert_true(read_u16be(&r, &u16) && u16 == 0x0304);
    assert_true(reader_seek(&r, 0));
    assert_true(read_u32le(&r, &u32) && u32 == 0x04030201);
    assert_true(read_u32be(&r, &u32) && u32 == 0x05060708);
}

static void test_failed_read_consumes_nothing(void **state)
{
    struct reader r = reader_over(counting, sizeof(counting));
    struct reader sub;
    const uint8_t *view;
    uint64_t u64;
    uint8_t copy[sizeof(counting) + 1];

    (void)state;
    assert_true(reader_skip(&r, 2));
    assert_false(read_u64le(&r, &u64));
    assert_false(read_u64be(&r, &u64));
    assert_false(read_bytes(&r, copy, 8));
    assert_false(read_view(&r, &view, SIZE_MAX));
    assert_false(read_sub(&r, &sub, 8));
    assert_false(reader_skip(&r, SIZE_MAX));
    assert_false(reader_seek(&r, sizeof(counting) + 1));
    assert_int_equal(r.position, 2);
    assert_true(read_bytes(&r, copy, 7));
    assert_memory_equal(copy, counting + 2, 7);
    assert_false(read_u8(&r, copy));
}

static void test_sub_reader_ends_early(void **state)
{
    struct reader r = reader_over(counting, sizeof(counting));
    struct reader sub;
    uint32_t u32;

    (void)state;
    assert_true(read_sub(&r, &sub, 3));
    assert_false(read_u32le(&sub, &u32));
    assert_int_equal(reader_left(&sub), 3);
    assert_int_equal(reader_left(&r), 6);
}

static void test_empty_reader(void **state)
{
    struct reader r = reader_over(NULL, 0);
    uint8_t u8;

    (void)state;
    assert_false(read_u8(&r, &u8));
    assert_true(reader_skip(&r, 0));
    assert_true(read_bytes(&r, &u8, 0));
    assert_true(reader_seek(&r, 0));
}

static void test_write_numbers(void **state)
{
    static const uint8_t wanted[] = {0x01, 0x03, 0x02, 0x04, 0x05, 0x09, 0x08, 0x07, 0x06,
                                     0x0a, 0x0b, 0x0c, 0x0d, 0x00, 0x00, 'x',  'y',  8,
                                     7,    6,    5,    4,    3,    2,    1,    1,    2,
                                     3,    4,    5,    6,    7,    8};
    uint8_t room[sizeof(wanted)];
    struct writer w = writer_over(room, sizeof(room));

    (void)state;
    memset(room, 0xee, sizeof(room));
    write_u8(&w, 1);
    write_u16le(&w, 0x0203);
    write_u16be(&w, 0x0405);
    write_u32le(&w, 0x06070809);
    write_u32be(&w, 0x0a0b0c0d);
    write_zeros(&w, 2);
    write_bytes(&w, "xy", 2);
    write_u64le(&w, UINT64_C(0x0102030405060708));
    write_u64be(&w, UINT64_C(0x0102030405060708));
    assert_false(w.failed);
    assert_int_equal(w.position, sizeof(wanted));
    assert_memory_equal(room, wanted, sizeof(wanted));
}

static void test_write_that_does_not_fit(void **state)
{
    uint8_t room[6];
    struct writer w = writer_over(room, 4);

    (void)state;
    memset(room, 0xee, sizeof(room));
    write_u8(&w, 1);
    write_u32le(&w, 2);
    assert_true(w.failed);
    /* Failed for good: nothing lands behind a gap. */
    write_u8(&w, 3);
    assert_memory_equal(room, "\x01\xee\xee\xee\xee\xee", 6);
    assert_int_equal(w.position, 1);
    w = writer_over(room, 4);
    write_zeros(&w, SIZE_MAX);
    assert_true(w.failed);
}

static void test_checked_arithmetic(void **state)
{
    uint64_t value;

    (void)state;
    assert_true(checked_add(UINT64_MAX - 1, 1, &value) && value == UINT64_MAX);
    assert_false(checked_add(UINT64_MAX, 1, &value));
    assert_true(checked_mul(UINT64_C(1) << 32, (UINT64_C(1) << 32) - 1, &value));
    assert_false(checked_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &value));
    assert_true(checked_round_up(0, 7, &value) && value == 0);
    assert_true(checked_round_up(8, 7, &value) && value == 14);
    assert_true(checked_round_up(UINT64_MAX, 1, &value) && value == UINT64_MAX);
    assert_false(checked_round_up(UINT64_MAX - 1, 4096, &value));
    assert_int_equal(round_down(4097, 4096), 4096);
}

static void test_ranges(void **state)
{
    (void)state;
    assert_true(range_within(0, 0, 0));
    assert_true(range_within(4, 6, 10));
    assert_false(range_within(4, 7, 10));
    assert_false(range_within(11, 0, 10));
    assert_false(range_within(8, UINT64_MAX, 10));
    assert_true(is_power_of_two(UINT64_C(1) << 63));
    assert_false(is_power_of_two(0));
    assert_false(is_power_of_two(24));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_numbers),
        cmocka_unit_test(test_failed_read_consumes_nothing),
        cmocka_unit_test(test_sub_reader_ends_early),
        cmocka_unit_test(test_empty_reader),
        cmocka_unit_test(test_write_numbers),
        cmocka_unit_test(test_write_that_does_not_fit),
        cmocka_unit_test(test_checked_arithmetic),
        cmocka_unit_test(test_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
