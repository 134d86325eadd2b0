/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/bytes.h"

static struct bytes *read_from_file(const void *data, size_t size, size_t limit, struct error *err)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    rewind(file);
    struct bytes *bytes = bytes_read_fd(fileno(file), limit, err);
    fclose(file);
    return bytes;
}

static void test_read(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 20000};
    uint8_t data[20000];
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 31);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        OWNED(bytes) bytes = read_from_file(data, sizes[i], sizes[i], &err);
        assert_non_null(bytes);
        assert_int_equal(bytes->size, sizes[i]);
        assert_memory_equal(bytes->data, data, sizes[i]);
    }
    assert_null(read_from_file(data, 20000, 19999, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_null(read_from_file(data, 1, 0, &err));
}

static void test_new(void **state)
{
    struct error err = {0};
    OWNED(bytes) bytes = bytes_new(100, &err);
    OWNED(bytes) copy = bytes_copy("abc", 3, &err);

    (void)state;
    for (size_t i = 0; i < bytes->size; i++)
        assert_int_equal(bytes->data[i], 0);
    assert_int_equal(copy->size, 3);
    assert_memory_equal(copy->data, "abc", 3);
    assert_null(bytes_new(SIZE_MAX, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
}

static void test_no_file(void **state)
{
    struct error err = {0};

    (void)state;
    assert_null(bytes_read_file("/nonexistent/file", 10, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_non_null(strstr(err.message, "/nonexistent/file"));
    assert_null(bytes_read_file("/", 10, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
}

static void test_arena(void **state)
{
    static const uint8_t zeros[100000];
    struct error err = {0};
    OWNED(arena) arena = arena_new(200000, &err);

    (void)state;
    char *first = arena_copy(arena, "text and more", 4, &err);
    uint8_t *large = arena_take(arena, sizeof(zeros), &err);
    char *last = arena_copy(arena, "the end", 7, &err);
    assert_string_equal(first, "text");
    assert_memory_equal(large, zeros, sizeof(zeros));
    memset(large, 0xff, sizeof(zeros));
    assert_string_equal(last, "the end");
    assert_string_equal(first, "text");
    assert_int_equal((uintptr_t)arena_take(arena, 1, &err) % _Alignof(max_align_t), 0);
    assert_null(arena_take(arena, 100000, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_null(arena_take(arena, SIZE_MAX, &err));
    assert_non_null(arena_take(arena, 90000, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
