/* SPDX-License-Identifier: Apache-2.0 */
/* Placing clusters and writing through image_output; qemu-img judges the files in
 * tests/integration/qcow2-write.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/open.h"
#include "image/output.h"
#include "image/qcow2_layout.h"

#define CLUSTER QCOW2_OUT_CLUSTER_BYTES
#define SPAN (CLUSTER * QCOW2_OUT_L2_ENTRIES)

static struct ranges *ranges_of(const struct range *items, size_t count)
{
    struct error err = {0};
    struct ranges *ranges = ranges_new(&err);

    for (size_t i = 0; i < count; i++)
        assert_true(ranges_append(ranges, items[i].offset_bytes, items[i].length_bytes, &err));
    return ranges;
}

static void rounds_to_clusters(void **state)
{
    const struct range items[] = {{10, 10}, {30, 5}, {CLUSTER - 1, 2}, {5 * CLUSTER, CLUSTER}};
    struct error err = {0};
    OWNED(ranges) ranges = ranges_of(items, 4);
    OWNED(qcow2_layout) layout = qcow2_layout_new(10 * CLUSTER, ranges, &err);

    (void)state;
    assert_non_null(layout);
    assert_int_equal(layout->clusters->count, 2);
    assert_int_equal(layout->clusters->items[0].offset_bytes, 0);
    assert_int_equal(layout->clusters->items[0].length_bytes, 2 * CLUSTER);
    assert_int_equal(layout->clusters->items[1].offset_bytes, 5 * CLUSTER);
    assert_int_equal(layout->l2_tables, 1);
    /* Header, refcount table, refcount block, L1, L2, three clusters of data. */
    assert_int_equal(layout->file_bytes, 8 * CLUSTER);
}

static void counts_tables(void **state)
{
    const struct range items[] = {
        {SPAN - 1, 1}, {SPAN + CLUSTER, 1}, {2 * SPAN - 1, 2}, {7 * SPAN, SPAN}};
    struct error err = {0};
    OWNED(ranges) ranges = ranges_of(items, 4);
    OWNED(qcow2_layout) layout = qcow2_layout_new(8 * SPAN, ranges, &err);

    (void)state;
    assert_non_null(layout);
    assert_int_equal(layout->l2_tables, 4);
    assert_int_equal(layout->l1_entries, 8);
}

static void finds_places(void **state)
{
    const struct range items[] = {{0, 1}, {3 * CLUSTER, 2 * CLUSTER}};
    struct error err = {0};
    OWNED(ranges) ranges = ranges_of(items, 2);
    OWNED(qcow2_layout) layout = qcow2_layout_new(10 * CLUSTER, ranges, &err);
    uint64_t place;
    bool allocated;

    (void)state;
    assert_int_equal(qcow2_layout_find(layout, 7, CLUSTER, &allocated, &place), CLUSTER - 7);
    assert_true(allocated);
    assert_int_equal(place, layout->data_offset + 7);
    assert_int_equal(qcow2_layout_find(layout, CLUSTER, 9 * CLUSTER, &allocated, &place),
                     2 * CLUSTER);
    assert_false(allocated);
    assert_int_equal(qcow2_layout_find(layout, 4 * CLUSTER + 1, 1, &allocated, &place), 1);
    assert_true(allocated);
    assert_int_equal(place, layout->data_offset + 2 * CLUSTER + 1);
}

static void refuses_layouts(void **state)
{
    const struct range items[] = {{CLUSTER, 513}};
    struct error err = {0};
    OWNED(ranges) ranges = ranges_of(items, 1);
    OWNED(ranges) nothing = ranges_of(items, 0);

    (void)state;
    assert_null(qcow2_layout_new(CLUSTER + 512, ranges, &err));
    assert_int_equal(err.code, COLDSEAL_BUG);
    assert_null(qcow2_layout_new(UINT64_C(1) << 50, nothing, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void output_path(char path[64], const char *suffix)
{
    snprintf(path, 64, "/tmp/test_image_output-%d%s", (int)getpid(), suffix);
}

static void check_round_trip(const char *suffix, const char *format_name)
{
    const struct range items[] = {{CLUSTER - 512, 1024}};
    struct error err = {0};
    OWNED(ranges) ranges = ranges_of(items, 1);
    struct image_output_request request = {.size_bytes = 1 << 20, .allocated = ranges};
    char path[64], text[1024], read[1024];

    output_path(path, suffix);
    request.path = path;
    assert_true(image_format_choose(NULL, path, &request.format, &err));
    memset(text, 'x', sizeof(text));
    OWNED(image_output) out = image_output_open(&request, &err);
    assert_non_null(out);
    assert_true(disk_pwrite(image_output_disk(out), text, sizeof(text), CLUSTER - 512, &err));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(image_output_commit(out, &err));
    OWNED(disk) disk = image_open(path, NULL, &err);
    unlink(path);
    assert_non_null(disk);
    assert_string_equal(disk_format(disk), format_name);
    assert_int_equal(disk_size(disk), 1 << 20);
    assert_true(disk_pread(disk, read, sizeof(read), CLUSTER - 512, &err));
    assert_memory_equal(read, text, sizeof(text));
}

static void round_trips(void **state)
{
    (void)state;
    check_round_trip(".raw", "raw");
    check_round_trip(".qcow2", "qcow2");
    check_round_trip(".qcow2.img", "raw");
}

static void only_what_was_asked_for(void **state)
{
    const struct range items[] = {{CLUSTER, 10}};
    struct error err = {0};
    OWNED(ranges) ranges = ranges_of(items, 1);
    struct image_output_request request = {
        .format = IMAGE_QCOW2, .size_bytes = 1 << 20, .allocated = ranges};
    struct extent extent;
    char path[64];

    (void)state;
    output_path(path, "-absent");
    request.path = path;
    OWNED(image_output) out = image_output_open(&request, &err);
    assert_non_null(out);
    struct disk *disk = image_output_disk(out);
    assert_true(disk_pwrite(disk, "x", 1, 2 * CLUSTER - 1, &err));
    assert_false(disk_pwrite(disk, "xy", 2, 2 * CLUSTER - 1, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_true(disk_extent(disk, 0, &extent, &err));
    assert_int_equal(extent.kind, EXTENT_ZERO);
    assert_int_equal(extent.length_bytes, CLUSTER);
    assert_true(disk_extent(disk, CLUSTER, &extent, &err));
    assert_int_equal(extent.kind, EXTENT_DATA);
    assert_int_equal(extent.length_bytes, CLUSTER);
    image_output_free(TAKE(out));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void chooses_formats(void **state)
{
    enum image_format format;
    struct error err = {0};

    (void)state;
    assert_true(image_format_choose("qcow2", "disk.raw", &format, &err));
    assert_int_equal(format, IMAGE_QCOW2);
    assert_true(image_format_choose(NULL, "disk.img", &format, &err));
    assert_int_equal(format, IMAGE_RAW);
    assert_true(image_format_choose(NULL, "disk.qcow2", &format, &err));
    assert_int_equal(format, IMAGE_QCOW2);
    assert_false(image_format_choose("vmdk", "disk.raw", &format, &err));
    assert_int_equal(err.code, COLDSEAL_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_to_clusters), cmocka_unit_test(counts_tables),
        cmocka_unit_test(finds_places),       cmocka_unit_test(refuses_layouts),
        cmocka_unit_test(round_trips),        cmocka_unit_test(only_what_was_asked_for),
        cmocka_unit_test(chooses_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
