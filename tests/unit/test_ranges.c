/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image/ranges.h"

static struct ranges *three_ranges(void)
{
    struct error err = {0};
    struct ranges *ranges = ranges_new(&err);

    assert_non_null(ranges);
    assert_true(ranges_append(ranges, 10, 5, &err));
    assert_true(ranges_append(ranges, 20, 10, &err));
    assert_true(ranges_append(ranges, 100, 1, &err));
    return ranges;
}

static void joins_neighbours(void **state)
{
    OWNED(ranges) ranges = three_ranges();
    struct error err = {0};

    (void)state;
    assert_int_equal(ranges->count, 3);
    assert_true(ranges_append(ranges, 101, 4, &err));
    assert_int_equal(ranges->count, 3);
    assert_int_equal(ranges->items[2].length_bytes, 5);
    assert_true(ranges_append(ranges, 200, 0, &err));
    assert_int_equal(ranges->count, 3);
    assert_int_equal(ranges_total(ranges), 20);
}

static void refuses_disorder(void **state)
{
    OWNED(ranges) ranges = three_ranges();
    struct error err = {0};

    (void)state;
    assert_false(ranges_append(ranges, 100, 1, &err));
    assert_int_equal(err.code, COLDSEAL_BUG);
    assert_false(ranges_append(ranges, 5, 1, &err));
    assert_false(ranges_append(ranges, UINT64_MAX, 2, &err));
    assert_int_equal(ranges->count, 3);
}

static void check_run(const struct ranges *ranges, uint64_t offset, uint64_t length, uint64_t run,
                      bool inside)
{
    bool found = !inside;

    assert_int_equal(ranges_run(ranges, offset, length, &found), run);
    assert_int_equal(found, inside);
}

static void finds_runs(void **state)
{
    OWNED(ranges) ranges = three_ranges();
    OWNED(ranges) none = ranges_new(&(struct error){0});

    (void)state;
    check_run(ranges, 0, 1000, 10, false);
    check_run(ranges, 0, 3, 3, false);
    check_run(ranges, 10, 1000, 5, true);
    check_run(ranges, 14, 1000, 1, true);
    check_run(ranges, 15, 1000, 5, false);
    check_run(ranges, 22, 3, 3, true);
    check_run(ranges, 100, 2, 1, true);
    check_run(ranges, 101, 1000, 1000, false);
    check_run(none, 7, 9, 9, false);
}

static void grows(void **state)
{
    OWNED(ranges) ranges = ranges_new(&(struct error){0});
    struct error err = {0};

    (void)state;
    for (uint64_t i = 0; i < 10000; i++)
        assert_true(ranges_append(ranges, i * 3, 2, &err));
    assert_int_equal(ranges->count, 10000);
    for (uint64_t i = 0; i < 10000; i++) {
        check_run(ranges, i * 3 + 1, 100, 1, true);
        assert_int_equal(ranges_find(ranges, i * 3 + 1), i);
        assert_int_equal(ranges_find(ranges, i * 3 + 2), i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_neighbours),
        cmocka_unit_test(refuses_disorder),
        cmocka_unit_test(finds_runs),
        cmocka_unit_test(grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
