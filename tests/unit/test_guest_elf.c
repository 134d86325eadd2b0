/* SPDX-License-Identifier: Apache-2.0 */
/* ELF needs and versions, compared with what binutils' readelf says of the same files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guest/elf.h"

#define FILE_LIMIT ((size_t)64 << 20)
#define LINE_BYTES 1024

static const char *const samples[] = {"/proc/self/exe", "/bin/bash", "/usr/bin/qemu-img"};

static struct elf *read_sample(const char *path)
{
    struct error err = {0};
    OWNED(bytes) file = bytes_read_file(path, FILE_LIMIT, &err);

    assert_non_null(file);
    struct elf *elf = elf_read(file, &err);
    if (elf == NULL)
        fail_msg("%s: %s", path, err.message);
    return elf;
}

static FILE *readelf(const char *option, const char *path)
{
    char command[512], self[256];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    assert_true(length > 0);
    self[length] = '\0';
    snprintf(command, sizeof(command), "LC_ALL=C readelf -W %s '%s'", option,
             strcmp(path, "/proc/self/exe") == 0 ? self : path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    return pipe;
}

/* " 0x… (NEEDED)  Shared library: [libc.so.6]" */
static void needed_agrees(const char *path)
{
    OWNED(elf) elf = read_sample(path);
    FILE *pipe = readelf("-d", path);
    char line[LINE_BYTES], name[256];
    size_t count = 0;

    while (fgets(line, sizeof(line), pipe) != NULL) {
        const char *bracket = strstr(line, "(NEEDED)") == NULL ? NULL : strchr(line, '[');
        if (bracket == NULL)
            continue;
        assert_int_equal(sscanf(bracket, "[%255[^]]", name), 1);
        assert_true(lines_contain(&elf->needed, name));
        count++;
    }
    assert_int_equal(pclose(pipe), 0);
    assert_true(count > 0);
    assert_int_equal(elf->needed.count, count);
}

static bool has_need(const struct elf *elf, const char *file, const char *version)
{
    for (size_t i = 0; i < elf->need_count; i++) {
        if (strcmp(elf->needs[i].file, file) == 0 && strcmp(elf->needs[i].version, version) == 0)
            return true;
    }
    return false;
}

/* "  000000: Version: 1  File: libc.so.6  Cnt: 3" and "  0x0010:   Name: GLIBC_2.4  Flags: none" */
static void version_needs_agree(const char *path)
{
    OWNED(elf) elf = read_sample(path);
    FILE *pipe = readelf("-V", path);
    char line[LINE_BYTES], file[256] = "", version[256];
    size_t count = 0;
    bool in_needs = false;

    while (fgets(line, sizeof(line), pipe) != NULL) {
        const char *name = strstr(line, "  Name: ");
        const char *label = strstr(line, "  File: ");
        if (line[0] == 'V')
            in_needs = strstr(line, "needs section") != NULL;
        if (in_needs && label != NULL)
            assert_int_equal(sscanf(label, "  File: %255s", file), 1);
        if (!in_needs || name == NULL || strstr(line, "Flags: WEAK") != NULL)
            continue;
        assert_int_equal(sscanf(name, "  Name: %255s", version), 1);
        assert_true(has_need(elf, file, version));
        count++;
    }
    assert_int_equal(pclose(pipe), 0);
    assert_true(count > 0);
    assert_int_equal(elf->need_count, count);
}

static void needs_of_programs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        needed_agrees(samples[i]);
        version_needs_agree(samples[i]);
    }
}

/* The C library that runs this test satisfies what this test needs of it, and not a later one. */
static void versions_of_the_c_library(void **state)
{
    OWNED(elf) self = read_sample("/proc/self/exe");
    OWNED(elf) libc = read_sample("/lib/x86_64-linux-gnu/libc.so.6");

    (void)state;
    for (size_t i = 0; i < self->need_count; i++) {
        if (strcmp(self->needs[i].file, "libc.so.6") == 0)
            assert_true(lines_contain(&libc->provided, self->needs[i].version));
    }
    assert_true(lines_contain(&libc->provided, "GLIBC_2.2.5"));
    assert_false(lines_contain(&libc->provided, "GLIBC_9.99"));
}

static void what_is_no_elf(void **state)
{
    struct error err = {0};
    OWNED(bytes) text = bytes_copy("#!/bin/sh\n", 10, &err);
    OWNED(bytes) self = bytes_read_file("/proc/self/exe", FILE_LIMIT, &err);

    (void)state;
    assert_non_null(text);
    assert_non_null(self);
    assert_null(elf_read(text, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    OWNED(bytes) half = bytes_copy(self->data, 4096, &err);
    assert_non_null(half);
    assert_null(elf_read(half, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_of_programs),
        cmocka_unit_test(versions_of_the_c_library),
        cmocka_unit_test(what_is_no_elf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
