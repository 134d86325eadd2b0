/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/outfile.h"

static char folder[64];

static int enter_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test-outfile-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int count_entries(void)
{
    DIR *dir = opendir(".");
    int count = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static int leave_folder(void **state)
{
    DIR *dir = opendir(".");

    (void)state;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        unlinkat(dirfd(dir), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    closedir(dir);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void assert_content(const char *path, const char *text)
{
    struct error err = {0};
    OWNED(bytes) bytes = bytes_read_file(path, 100, &err);

    assert_non_null(bytes);
    assert_int_equal(bytes->size, strlen(text));
    assert_memory_equal(bytes->data, text, bytes->size);
}

static void test_commit(void **state)
{
    struct error err = {0};
    struct stat there;
    OWNED(outfile) out = outfile_open("a", 0640, false, &err);

    (void)state;
    umask(022);
    assert_non_null(out);
    assert_int_equal(write(outfile_fd(out), "text", 4), 4);
    assert_int_not_equal(access("a", F_OK), 0);
    assert_true(outfile_commit(out, OUTFILE_SYNCED, &err));
    assert_content("a", "text");
    assert_int_equal(stat("a", &there), 0);
    assert_int_equal(there.st_mode & 07777, 0640);
    assert_int_equal(count_entries(), 1);
}

static void test_nothing_without_commit(void **state)
{
    struct error err = {0};
    struct outfile *out = outfile_open("a", 0600, false, &err);

    (void)state;
    assert_non_null(out);
    assert_int_equal(write(outfile_fd(out), "text", 4), 4);
    outfile_free(out);
    assert_int_equal(count_entries(), 0);
}

static void test_nothing_after_a_kill(void **state)
{
    int status;

    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct error err = {0};
        struct outfile *out = outfile_open("a", 0600, false, &err);
        if (out == NULL || write(outfile_fd(out), "text", 4) != 4)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_not_equal(access("a", F_OK), 0);
}

static void test_existing_file(void **state)
{
    struct error err = {0};

    (void)state;
    assert_true(outfile_write("a", "old", 3, 0600, false, &err));
    assert_null(outfile_open("a", 0600, false, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_non_null(strstr(err.message, "--force"));
    assert_false(outfile_check("a", false, &err));
    assert_content("a", "old");
    assert_true(outfile_check("a", true, &err));
    OWNED(outfile) out = outfile_open("a", 0600, true, &err);
    assert_non_null(out);
    assert_int_equal(write(outfile_fd(out), "new", 3), 3);
    assert_content("a", "old");
    assert_true(outfile_commit(out, OUTFILE_SYNCED, &err));
    assert_content("a", "new");
    assert_int_equal(count_entries(), 1);
}

static void test_replace_that_is_given_up(void **state)
{
    struct error err = {0};

    (void)state;
    assert_true(outfile_write("a", "old", 3, 0600, false, &err));
    outfile_free(outfile_open("a", 0600, true, &err));
    assert_content("a", "old");
    assert_int_equal(count_entries(), 1);
}

/* Somebody else makes the file while ours is being written. */
static void test_file_appears(void **state)
{
    struct error err = {0};
    OWNED(outfile) out = outfile_open("a", 0600, false, &err);

    (void)state;
    assert_non_null(out);
    assert_true(outfile_write("a", "theirs", 6, 0600, false, &err));
    assert_false(outfile_commit(out, OUTFILE_SYNCED, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_content("a", "theirs");
}

static void test_not_regular(void **state)
{
    static const char *const names[] = {"link", "dangling", "folder", "fifo"};
    struct error err = {0};

    (void)state;
    assert_true(outfile_write("a", "old", 3, 0600, false, &err));
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_null(outfile_open(names[i], 0600, true, &err));
        assert_int_equal(err.code, COLDSEAL_IO);
        assert_false(outfile_write(names[i], "x", 1, 0600, true, &err));
    }
    assert_content("a", "old");
    assert_int_equal(count_entries(), 5);
}

static void test_no_such_place(void **state)
{
    static const char *const names[] = {"no/such/folder", "", ".", "..", "./", "a/"};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_null(outfile_open(names[i], 0600, false, &err));
        assert_int_equal(err.code, COLDSEAL_IO);
    }
    assert_int_equal(count_entries(), 0);
}

static void test_other_folder(void **state)
{
    struct error err = {0};
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/b", folder);
    assert_true(outfile_write(path, "text", 4, 0600, false, &err));
    assert_content("b", "text");
}

/* Standard output is the file "stdout" while the function runs. */
static bool with_stdout(bool (*run)(struct error *err), struct error *err)
{
    int kept = dup(STDOUT_FILENO);
    int file = open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    fflush(stdout);
    assert_true(kept >= 0 && file >= 0);
    assert_int_equal(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
    bool ok = run(err);
    assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
    close(kept);
    close(file);
    return ok;
}

static bool write_stream(struct error *err)
{
    OWNED(outfile) out = outfile_open_stdout(err);
    struct stat there;

    return out != NULL && pwrite(outfile_fd(out), "text", 4, 3) == 4 &&
           pwrite(outfile_fd(out), "abc", 3, 0) == 3 && stat("stdout", &there) == 0 &&
           there.st_size == 0 && outfile_commit(out, OUTFILE_SYNCED, err);
}

static bool give_stream_up(struct error *err)
{
    OWNED(outfile) out = outfile_open_stdout(err);

    return out != NULL && pwrite(outfile_fd(out), "text", 4, 0) == 4;
}

static bool close_stream(struct error *err)
{
    close(STDOUT_FILENO);
    return outfile_check_stdout(err);
}

static void test_standard_output(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    assert_true(with_stdout(write_stream, &err));
    assert_content("stdout", "abctext");
    assert_true(with_stdout(give_stream_up, &err));
    assert_content("stdout", "");
    assert_int_equal(count_entries(), 1);
    assert_false(with_stdout(close_stream, &err));
    assert_int_equal(err.code, COLDSEAL_IO);
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        TEST(test_commit),
        TEST(test_nothing_without_commit),
        TEST(test_nothing_after_a_kill),
        TEST(test_existing_file),
        TEST(test_replace_that_is_given_up),
        TEST(test_file_appears),
        TEST(test_not_regular),
        TEST(test_no_such_place),
        TEST(test_other_folder),
        TEST(test_standard_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
