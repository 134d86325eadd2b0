/* SPDX-License-Identifier: Apache-2.0 */
/* Disks in memory and over raw files, and images by content. */
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

#include "image/clone.h"
#include "image/nbd.h"
#include "image/open.h"
#include "image/zeros.h"

static int memory_file(const void *data, size_t size)
{
    int fd = memfd_create("image", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    return fd;
}

static void memory_disk(void **state)
{
    struct error err = {0};
    OWNED(disk) disk = memory_disk_new(1000, &err);
    struct extent extent;
    char text[4] = "abc";

    (void)state;
    assert_non_null(disk);
    assert_int_equal(disk_size(disk), 1000);
    assert_true(disk_pwrite(disk, "xyz", 3, 997, &err));
    assert_true(disk_pread(disk, text, 3, 997, &err));
    assert_string_equal(text, "xyz");
    assert_true(disk_pread(disk, text, 3, 0, &err));
    assert_memory_equal(text, "\0\0\0", 3);
    assert_true(disk_extent(disk, 10, &extent, &err));
    assert_int_equal(extent.length_bytes, 990);
    assert_int_equal(extent.kind, EXTENT_DATA);
}

static void refuses_what_is_outside(void **state)
{
    struct error err = {0};
    OWNED(disk) disk = memory_disk_new(1000, &err);
    struct extent extent;
    char text[4] = "abc";

    (void)state;
    assert_false(disk_pread(disk, text, 3, 998, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_false(disk_pwrite(disk, text, 3, 998, &err));
    assert_false(disk_pread(disk, text, 3, UINT64_MAX - 1, &err));
    assert_false(disk_extent(disk, 1000, &extent, &err));
    assert_true(disk_pread(disk, text, 0, 1000, &err));
}

static void raw_disk(void **state)
{
    struct error err = {0};
    OWNED_FD fd = memory_file("0123456789", 10);
    char text[3] = {0};

    (void)state;
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    OWNED(disk) reading = raw_open(fd, false, &err);
    OWNED(disk) writing = raw_open(fd, true, &err);
    assert_non_null(reading);
    assert_non_null(writing);
    assert_string_equal(disk_format(reading), "raw");
    assert_false(disk_pwrite(reading, "ab", 2, 4, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_true(disk_pwrite(writing, "ab", 2, 4, &err));
    assert_true(disk_flush(writing, &err));
    assert_true(disk_pread(reading, text, 2, 4, &err));
    assert_string_equal(text, "ab");
}

static void raw_holes(void **state)
{
    struct error err = {0};
    OWNED_FD fd = memory_file("data", 4);
    struct extent extent;

    (void)state;
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(pwrite(fd, "more", 4, 512 << 10), 4);
    OWNED(disk) disk = raw_open(fd, false, &err);
    assert_true(disk_extent(disk, 0, &extent, &err));
    assert_int_equal(extent.kind, EXTENT_DATA);
    assert_int_equal(extent.length_bytes, sysconf(_SC_PAGESIZE));
    assert_true(disk_extent(disk, 256 << 10, &extent, &err));
    assert_int_equal(extent.kind, EXTENT_ZERO);
    assert_int_equal(extent.length_bytes, 256 << 10);
    assert_true(disk_extent(disk, (1 << 20) - 1, &extent, &err));
    assert_int_equal(extent.kind, EXTENT_ZERO);
    assert_int_equal(extent.length_bytes, 1);
}

/* qemu-img convert makes 1024 bytes of such a file, padded with zeros. */
static void raw_of_odd_size(void **state)
{
    struct error err = {0};
    char bytes[700], read[1024];
    struct extent extent;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    OWNED_FD fd = memory_file(bytes, sizeof(bytes));
    OWNED(disk) disk = raw_open(fd, false, &err);
    assert_non_null(disk);
    assert_int_equal(disk_size(disk), 1024);
    memset(read, 'y', sizeof(read));
    assert_true(disk_pread(disk, read, 1024, 0, &err));
    assert_memory_equal(read, bytes, sizeof(bytes));
    for (size_t i = sizeof(bytes); i < sizeof(read); i++)
        assert_int_equal(read[i], 0);
    assert_true(disk_extent(disk, 0, &extent, &err));
    assert_int_equal(extent.length_bytes, 1024);
    assert_int_equal(extent.kind, EXTENT_DATA);
    assert_null(raw_open(fd, true, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void check_refused(const void *data, size_t size, const char *word)
{
    struct error err = {0};
    OWNED_FD fd = memory_file(data, size);

    assert_null(image_open_fd(fd, false, NULL, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_non_null(strstr(err.message, word));
}

static void recognises_content(void **state)
{
    struct error err = {0};
    char sector[512] = "KDMV";

    (void)state;
    check_refused(sector, sizeof(sector), "VMDK");
    check_refused("\x1f\x8b\x08 and so on", 14, "gzip");
    /* A boot sector makes it a disk. */
    memcpy(sector + 510, "\x55\xaa", 2);
    OWNED_FD fd = memory_file(sector, sizeof(sector));
    OWNED(disk) disk = image_open_fd(fd, false, NULL, &err);
    assert_non_null(disk);
    assert_string_equal(disk_format(disk), "raw");
    OWNED_FD empty = memory_file("", 0);
    OWNED(disk) nothing = image_open_fd(empty, false, NULL, &err);
    assert_non_null(nothing);
    assert_int_equal(disk_size(nothing), 0);
}

static void names_of_servers(void **state)
{
    static const char *const uris[] = {"nbd://host:10809/disk", "nbd+unix:///?socket=/run/s",
                                       "nbds://host/"};
    static const char *const files[] = {"",          "nbd",     "nbd.raw", "./nbd://x",
                                        "nbd/x://y", "xnbd://", "/nbd://"};

    (void)state;
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++)
        assert_true(nbd_is_uri(uris[i]));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_false(nbd_is_uri(files[i]));
}

static void file_that_shrinks(void **state)
{
    struct error err = {0};
    char byte;
    OWNED_FD fd = memory_file("", 0);

    (void)state;
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    OWNED(disk) disk = raw_open(fd, false, &err);
    assert_int_equal(ftruncate(fd, 512), 0);
    assert_false(disk_pread(disk, &byte, 1, 600, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
}

/* A file of holes but for two bytes: what is zero already is neither read nor written. */
static void zeros_stay_holes(void **state)
{
    struct error err = {0};
    struct stat file;
    char path[] = "/tmp/test_disk-XXXXXX";
    OWNED_FD fd = mkstemp(path);
    OWNED_PTR(uint8_t) data = calloc(1, 4 << 20);

    (void)state;
    unlink(path);
    assert_int_equal(ftruncate(fd, 4 << 20), 0);
    OWNED(disk) disk = raw_open(fd, true, &err);
    assert_true(disk_pwrite(disk, "x", 1, 1 << 20, &err));
    assert_true(disk_pwrite(disk, "y", 1, (3 << 20) - 1, &err));
    assert_true(zeros_read_around(disk, data, 3 << 20, 0, &err));
    assert_int_equal(data[1 << 20], 'x');
    assert_int_equal(data[(3 << 20) - 1], 'y');
    data[1 << 20] = data[(3 << 20) - 1] = 0;
    assert_true(zeros_write(disk, 512, (3 << 20) - 1 - 512, &err));
    assert_int_equal(fstat(fd, &file), 0);
    assert_true(file.st_blocks * 512 < 512 << 10);
    assert_true(zeros_read_around(disk, data, 4 << 20, 0, &err));
    assert_int_equal(data[1 << 20], 0);
    assert_int_equal(data[(3 << 20) - 1], 'y');
    assert_false(zeros_write(disk, 4 << 20, 1, &err));
    assert_false(zeros_read_around(disk, data, 2, (4 << 20) - 1, &err));
}

/* /tmp: memfd has its holes too, but a file system is what images lie on. */
static void clones(void **state)
{
    char from_path[] = "/tmp/test_disk-XXXXXX", to_path[] = "/tmp/test_disk-XXXXXX";
    OWNED_FD from = mkstemp(from_path);
    OWNED_FD to = mkstemp(to_path);
    struct error err = {0};
    struct stat copy;
    char text[9] = {0};

    (void)state;
    unlink(from_path);
    unlink(to_path);
    assert_int_equal(pwrite(from, "begin", 5, 0), 5);
    assert_int_equal(pwrite(from, "the end.", 8, (64 << 20) - 1001), 8);
    assert_int_equal(ftruncate(from, 64 << 20), 0);
    assert_true(image_clone(from, to, &err));
    assert_int_equal(fstat(to, &copy), 0);
    assert_int_equal(copy.st_size, 64 << 20);
    assert_true(copy.st_blocks * 512 < 1 << 20);
    assert_int_equal(pread(to, text, 8, (64 << 20) - 1001), 8);
    assert_string_equal(text, "the end.");
    assert_int_equal(pread(to, text, 8, 0), 8);
    assert_memory_equal(text, "begin\0\0", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_disk),       cmocka_unit_test(refuses_what_is_outside),
        cmocka_unit_test(raw_disk),          cmocka_unit_test(raw_holes),
        cmocka_unit_test(raw_of_odd_size),   cmocka_unit_test(recognises_content),
        cmocka_unit_test(file_that_shrinks), cmocka_unit_test(clones),
        cmocka_unit_test(zeros_stay_holes),  cmocka_unit_test(names_of_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
