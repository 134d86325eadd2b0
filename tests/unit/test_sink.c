/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a sink, by whichever way, is what pread(2) finds in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/sink.h"

#define BLOCK 4096u
#define FILE_BYTES (4u << 20)

/* /tmp: a file system as images lie on. */
static int file_on_disk(void)
{
    char path[] = "/tmp/test_sink-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, FILE_BYTES), 0);
    return fd;
}

static uint8_t *pattern(void)
{
    uint8_t *data = aligned_alloc(BLOCK, FILE_BYTES);

    assert_non_null(data);
    for (uint32_t i = 0, x = 1; i < FILE_BYTES; i++, x = x * 1664525u + 1013904223u)
        data[i] = (uint8_t)(x >> 24);
    return data;
}

/* Pieces that are on blocks and off them, in memory, in the file and in length, over and beside
 * each other, some over what lies in the page cache. */
static void check_pieces(int fd)
{
    static const struct {
        size_t from;
        uint64_t to;
        size_t size;
    } pieces[] = {
        {0, 0, 1 << 20},           {BLOCK, 1 << 20, (1 << 20) + 512},
        {512, 2 << 20, 1 << 20},   {0, (2 << 20) + 512, 256 << 10},
        {3, BLOCK + 1, 5},         {BLOCK, 512 << 10, 128 << 10},
        {1 << 20, 3 << 20, BLOCK}, {7 * BLOCK, (3 << 20) + BLOCK, 1023 << 10},
    };
    struct error err = {0};
    OWNED(sink) sink = sink_new(fd, SINK_TO_DISK, &err);
    OWNED_PTR(uint8_t) data = pattern();
    OWNED_PTR(uint8_t) expected = calloc(1, FILE_BYTES);
    OWNED_PTR(uint8_t) found = malloc(FILE_BYTES);

    assert_int_equal(sink_fd(sink), fd);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t size = pieces[i].size;
        if (pieces[i].to + size > FILE_BYTES)
            size = FILE_BYTES - pieces[i].to;
        memcpy(expected + pieces[i].to, data + pieces[i].from, size);
        assert_true(sink_write(sink, data + pieces[i].from, size, pieces[i].to, &err));
        assert_int_equal(pread(fd, found, FILE_BYTES, 0), FILE_BYTES);
        assert_memory_equal(found, expected, FILE_BYTES);
    }
}

static void writes_to_a_disk(void **state)
{
    OWNED_FD fd = file_on_disk();

    (void)state;
    check_pieces(fd);
}

static void writes_to_memory(void **state)
{
    OWNED_FD fd = memfd_create("sink", MFD_CLOEXEC);

    (void)state;
    assert_int_equal(ftruncate(fd, FILE_BYTES), 0);
    check_pieces(fd);
}

static void reserves_what_is_long(void **state)
{
    OWNED_FD fd = file_on_disk();
    struct error err = {0};
    OWNED(sink) sink = sink_new(fd, SINK_TO_DISK, &err);
    OWNED(ranges) ranges = ranges_new(&err);
    struct stat file;

    (void)state;
    assert_true(ranges_append(ranges, 0, BLOCK, &err));
    assert_true(ranges_append(ranges, 1 << 20, 2 << 20, &err));
    assert_true(sink_reserve(sink, ranges, &err));
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(file.st_size, FILE_BYTES);
    assert_true(file.st_blocks * 512 >= 2 << 20 && file.st_blocks * 512 < 3 << 20);
}

static void reports_a_full_disk(void **state)
{
    OWNED_FD fd = file_on_disk();
    struct error err = {0};
    OWNED(sink) sink = sink_new(fd, SINK_TO_DISK, &err);
    OWNED(ranges) ranges = ranges_new(&err);

    (void)state;
    assert_true(ranges_append(ranges, 0, UINT64_C(1) << 50, &err));
    assert_false(sink_reserve(sink, ranges, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_to_a_disk),
        cmocka_unit_test(writes_to_memory),
        cmocka_unit_test(reserves_what_is_long),
        cmocka_unit_test(reports_a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
