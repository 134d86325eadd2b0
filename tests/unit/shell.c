/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COMMAND_BYTES 8192
#define OUTPUT_LIMIT_BYTES ((size_t)64 << 20)

void shell_enter(void)
{
    const char *base = getenv("TMPDIR");
    char path[512];
    char tools[4096];

    snprintf(path, sizeof(path), "%s/coldseal-unit-XXXXXX", base != NULL ? base : "/tmp");
    /* sgdisk, mke2fs and the like are in sbin. */
    snprintf(tools, sizeof(tools), "%s:/usr/sbin:/sbin", getenv("PATH"));
    assert_int_equal(setenv("PATH", tools, 1), 0);
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
}

void shell_leave(void)
{
    char path[512];

    assert_non_null(getcwd(path, sizeof(path)));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(shell_try("rm -rf '%s'", path), 0);
}

static int run(const char *format, va_list args)
{
    char command[COMMAND_BYTES];
    static const char quiet[] = "exec >shell.log 2>&1; ";
    int used = snprintf(command, sizeof(command), "%s", quiet);
    int length = vsnprintf(command + used, sizeof(command) - (size_t)used, format, args);

    assert_true(length >= 0 && used + length < (int)sizeof(command));
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int shell_try(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int code = run(format, args);
    va_end(args);
    return code;
}

void shell_run(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int code = run(format, args);
    va_end(args);
    if (code != 0) {
        (void)!system("cat shell.log >&2");
        fail_msg("exit code %d: %s", code, format);
    }
}

char *shell_output(const char *format, ...)
{
    char command[COMMAND_BYTES];
    va_list args;

    va_start(args, format);
    int length = vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    assert_true(length >= 0 && length < (int)sizeof(command));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char *text = malloc(OUTPUT_LIMIT_BYTES);
    assert_non_null(text);
    size_t size = fread(text, 1, OUTPUT_LIMIT_BYTES - 1, pipe);
    text[size] = '\0';
    if (pclose(pipe) != 0)
        fail_msg("failed: %s", command);
    return text;
}

int shell_setup(void **state)
{
    (void)state;
    shell_enter();
    return 0;
}

int shell_teardown(void **state)
{
    (void)state;
    shell_leave();
    return 0;
}
