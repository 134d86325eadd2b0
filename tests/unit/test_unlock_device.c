/* SPDX-License-Identifier: Apache-2.0 */
/* A sysfs and a /dev of files, as the kernel lays them out. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "device.h"
#include "token/luks2_header.h"

#define UUID "4a1f0c3e-8d5b-4c2f-9e7a-0123456789ab"
#define OTHER "4a1f0c3e-8d5b-4c2f-9e7a-0123456789ac"

struct tree {
    char dir[64];
    char sysfs[80];
    char dev[80];
    struct device_roots roots;
};

static int setup(void **state)
{
    struct tree *tree = calloc(1, sizeof(*tree));

    snprintf(tree->dir, sizeof(tree->dir), "/tmp/coldseal-device-XXXXXX");
    assert_non_null(mkdtemp(tree->dir));
    snprintf(tree->sysfs, sizeof(tree->sysfs), "%s/sysfs", tree->dir);
    snprintf(tree->dev, sizeof(tree->dev), "%s/dev", tree->dir);
    assert_int_equal(mkdir(tree->sysfs, 0700), 0);
    assert_int_equal(mkdir(tree->dev, 0700), 0);
    tree->roots = (struct device_roots){tree->sysfs, tree->dev};
    *state = tree;
    return 0;
}

static int teardown(void **state)
{
    struct tree *tree = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", tree->dir);
    assert_int_equal(system(command), 0);
    free(tree);
    return 0;
}

static void write_at(const char *path, off_t offset, const void *data, size_t size)
{
    OWNED_FD fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, size, offset), size);
}

/* LUKS2 On-Disk Format Specification 1.1.2, clause 3.1: magic at 0, uuid[40] at 168. */
static void put_binary_header(const char *path, off_t offset, const char *magic, const char *uuid)
{
    uint8_t header[4096] = {0};

    memcpy(header, magic, 6);
    header[7] = 2;
    memcpy(header + 168, uuid, strlen(uuid));
    write_at(path, offset, header, sizeof(header));
}

static void dev_path(const struct tree *tree, const char *name, char path[160])
{
    snprintf(path, 160, "%s/%s", tree->dev, name);
}

static void add_block_device(const struct tree *tree, const char *name, bool partition)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", tree->sysfs, name);
    assert_int_equal(mkdir(path, 0700), 0);
    if (partition) {
        snprintf(path, sizeof(path), "%s/%s/partition", tree->sysfs, name);
        write_at(path, 0, "1\n", 2);
    }
    dev_path(tree, name, path);
    write_at(path, 4 << 20, "", 1);
}

static void test_finds_partitions_with_the_uuid(void **state)
{
    const struct tree *tree = *state;
    struct candidates found;
    struct error err = {0};
    char path[160];

    add_block_device(tree, "vda", false);
    add_block_device(tree, "vda1", true);
    add_block_device(tree, "vdb1", true);
    add_block_device(tree, "vdc1", true);
    dev_path(tree, "vda", path);
    put_binary_header(path, 0, "LUKS\xba\xbe", UUID);
    dev_path(tree, "vdb1", path);
    put_binary_header(path, 0, "LUKS\xba\xbe", OTHER);
    assert_true(device_scan(&tree->roots, UUID, &found, &err));
    assert_int_equal(found.count, 0);

    dev_path(tree, "vda1", path);
    put_binary_header(path, 0, "LUKS\xba\xbe", UUID);
    dev_path(tree, "vdc1", path);
    put_binary_header(path, LUKS2_METADATA_BYTES, "SKUL\xba\xbe", UUID);
    assert_true(device_wait(&tree->roots, UUID, 0, &found, &err));
    assert_int_equal(found.count, 2);
}

static void test_uuid_is_compared_whole(void **state)
{
    const struct tree *tree = *state;
    struct candidates found;
    struct error err = {0};
    char path[160];

    add_block_device(tree, "vda1", true);
    dev_path(tree, "vda1", path);
    put_binary_header(path, 0, "LUKS\xba\xbe", UUID "x");
    assert_true(device_scan(&tree->roots, UUID, &found, &err));
    assert_int_equal(found.count, 0);
    put_binary_header(path, 0, "LUKX\xba\xbe", UUID);
    assert_true(device_scan(&tree->roots, UUID, &found, &err));
    assert_int_equal(found.count, 0);
}

static void test_candidates_are_bounded(void **state)
{
    const struct tree *tree = *state;
    struct candidates found;
    struct error err = {0};

    for (int i = 0; i < DEVICE_MAX_CANDIDATES + 4; i++) {
        char name[16], path[160];
        snprintf(name, sizeof(name), "vd%c1", 'a' + i);
        add_block_device(tree, name, true);
        dev_path(tree, name, path);
        put_binary_header(path, 0, "LUKS\xba\xbe", UUID);
    }
    assert_true(device_scan(&tree->roots, UUID, &found, &err));
    assert_int_equal(found.count, DEVICE_MAX_CANDIDATES);
}

static void test_gives_up(void **state)
{
    const struct tree *tree = *state;
    struct candidates found;
    struct error err = {0};

    assert_false(device_wait(&tree->roots, UUID, 0, &found, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_non_null(strstr(err.message, UUID));
}

static void test_short_device_has_no_header(void **state)
{
    const struct tree *tree = *state;
    struct error err = {0};
    struct candidate candidate = {0};

    add_block_device(tree, "vda1", true);
    dev_path(tree, "vda1", candidate.path);
    assert_null(device_read_header(&candidate, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finds_partitions_with_the_uuid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uuid_is_compared_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_candidates_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_device_has_no_header, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
