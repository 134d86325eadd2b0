/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/secret.h"

#define LINE_BYTES 512

/* The line NAME of the mapping in /proc/self/smaps that `address` lies in. */
__attribute__((unused)) static void smaps_line(const void *address, const char *name,
                                               char line[LINE_BYTES])
{
    FILE *smaps = fopen("/proc/self/smaps", "re");
    unsigned long from, to;
    bool inside = false;

    assert_non_null(smaps);
    while (fgets(line, LINE_BYTES, smaps) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        else if (inside && strncmp(line, name, strlen(name)) == 0)
            break;
    }
    if (feof(smaps))
        fail_msg("no %s in smaps", name);
    fclose(smaps);
}

__attribute__((unused)) static void test_locked_and_not_dumped(void **state)
{
    struct error err = {0};
    OWNED(secret) secret = secret_random(5000, &err);
    char line[LINE_BYTES];
    unsigned long locked_kb = 0;

    (void)state;
    assert_non_null(secret);
    smaps_line(secret->data, "Locked:", line);
    assert_int_equal(sscanf(line, "Locked: %lu kB", &locked_kb), 1);
    assert_true(locked_kb * 1024 >= secret->size);
    smaps_line(secret->data, "VmFlags:", line);
    assert_non_null(strstr(line, " lo")); /* locked */
    assert_non_null(strstr(line, " dd")); /* not dumped */
    assert_non_null(strstr(line, " wf")); /* wiped on fork */
}

static void test_not_seen_by_a_child(void **state)
{
    struct error err = {0};
    OWNED(secret) secret = secret_copy("key", 3, &err);
    int status;

    (void)state;
    assert_non_null(secret);
    pid_t child = fork();
    if (child == 0)
        _exit(secret->data[0] == 0 && secret->data[1] == 0 && secret->data[2] == 0 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_memory_equal(secret->data, "key", 3);
}

/* The linker puts these in the place of munmap(2): a look at the memory just before it goes. */
static bool every_page_was_wiped = true;
static size_t wiped_bytes;
int __real_munmap(void *address, size_t size);
int __wrap_munmap(void *address, size_t size);

int __wrap_munmap(void *address, size_t size)
{
    const uint8_t *bytes = address;

    for (size_t i = 0; i < size; i++)
        every_page_was_wiped = every_page_was_wiped && bytes[i] == 0;
    wiped_bytes += size;
    return __real_munmap(address, size);
}

static void test_wiped(void **state)
{
    struct error err = {0};

    (void)state;
    wiped_bytes = 0;
    secret_free(secret_random(5000, &err));
    assert_true(wiped_bytes >= 5000);
    assert_true(every_page_was_wiped);
    secret_free(NULL);
}

static void test_values(void **state)
{
    struct error err = {0};
    OWNED(secret) zeros = secret_new(32, &err);
    OWNED(secret) a = secret_random(32, &err);
    OWNED(secret) b = secret_random(32, &err);
    OWNED(secret) a_again = secret_copy(a->data, a->size, &err);
    OWNED(secret) longer = secret_copy(zeros->data, 31, &err);

    (void)state;
    assert_true(secret_equal(a, a_again));
    assert_false(secret_equal(a, b));
    assert_false(secret_equal(a, zeros));
    assert_false(secret_equal(zeros, longer));
    assert_true(zeros->data[0] == 0 && zeros->data[31] == 0);
}

static void test_base64(void **state)
{
    struct error err = {0};
    OWNED(secret) secret = secret_copy("\0\x01\xfe\xff", 4, &err);
    OWNED(secret) text = secret_base64(secret, &err);

    (void)state;
    assert_int_equal(text->size, 8);
    assert_string_equal(text->data, "AAH+/w==");
}

static void write_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        fputc((int)(i * 7 % 256), file);
    assert_int_equal(fclose(file), 0);
}

static void assert_read(const char *path, size_t size)
{
    struct error err = {0};
    OWNED(secret) secret = secret_read_file(path, &err);

    assert_non_null(secret);
    assert_int_equal(secret->size, size);
    for (size_t i = 0; i < size; i++)
        assert_true(secret->data[i] == (uint8_t)(i * 7));
}

static void test_read_files(void **state)
{
    static const size_t sizes[] = {1, 32, 4095, 4096, 4097, 16384, 65537};
    const char *path = "secret-read.tmp";
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        write_file(path, sizes[i]);
        assert_read(path, sizes[i]);
    }
    write_file(path, 0);
    assert_null(secret_read_file(path, &err));
    assert_int_equal(err.code, COLDSEAL_KEY);
    unlink(path);
    assert_null(secret_read_file(path, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
}

/* Past 8 MiB of locked memory an unprivileged process gets none; either way it is refused. */
static void test_too_large_a_file(void **state)
{
    const char *path = "secret-large.tmp";
    struct error err = {0};

    (void)state;
    write_file(path, ((size_t)8 << 20) + 1);
    assert_null(secret_read_file(path, &err));
    assert_true(err.code == COLDSEAL_KEY || err.code == COLDSEAL_IO);
    assert_int_equal(truncate(path, (off_t)9 << 20), 0);
    assert_null(secret_read_file(path, &err));
    unlink(path);
}

static void test_read_descriptor(void **state)
{
    int ends[2];
    char path[32];
    struct error err = {0};

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "pipe", 4), 4);
    close(ends[1]);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    OWNED(secret) secret = secret_read_file(path, &err);
    assert_non_null(secret);
    assert_int_equal(secret->size, 4);
    assert_memory_equal(secret->data, "pipe", 4);
    close(ends[0]);
}

static void test_write_file(void **state)
{
    const char *path = "secret-write.tmp";
    struct error err = {0};
    struct stat there;
    OWNED(secret) secret = secret_random(32, &err);

    (void)state;
    unlink(path);
    assert_true(secret_write_file(secret, path, &err));
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(there.st_mode & 07777, 0600);
    OWNED(secret) again = secret_read_file(path, &err);
    assert_true(secret_equal(secret, again));
    assert_false(secret_write_file(secret, path, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    unlink(path);
    assert_int_equal(symlink("secret-elsewhere.tmp", path), 0);
    assert_false(secret_write_file(secret, path, &err));
    assert_int_not_equal(access("secret-elsewhere.tmp", F_OK), 0);
    unlink(path);
}

__attribute__((unused)) static void test_no_locked_memory(void **state)
{
    const struct rlimit none = {0, 0};
    int status;

    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct error err = {0};
        /* Root's capability lifts the limit; another user's process does not have it. */
        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
            _exit(2);
        _exit(secret_new(32, &err) == NULL && err.code == COLDSEAL_IO ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_harden_process(void **state)
{
    int status;

    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit;
        secret_harden_process();
        getrlimit(RLIMIT_CORE, &limit);
        _exit(limit.rlim_cur <= 1 && limit.rlim_max <= 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef __SANITIZE_ADDRESS__ /* which makes mlock(2) do nothing */
        cmocka_unit_test(test_locked_and_not_dumped),
        cmocka_unit_test(test_no_locked_memory),
#endif
        cmocka_unit_test(test_not_seen_by_a_child),
        cmocka_unit_test(test_wiped),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_read_files),
        cmocka_unit_test(test_too_large_a_file),
        cmocka_unit_test(test_read_descriptor),
        cmocka_unit_test(test_write_file),
        cmocka_unit_test(test_harden_process),
    };
    const char *folder = getenv("TMP");

    return folder != NULL && chdir(folder) != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
