/* SPDX-License-Identifier: Apache-2.0 */
/* Running the tools whose word a test takes for truth, in a folder of the test's own. */
#ifndef TESTS_UNIT_SHELL_H
#define TESTS_UNIT_SHELL_H

#include <stdbool.h>
#include <stddef.h>

/* A new folder below $TMPDIR or /tmp, which the process enters; shell_leave() removes it. */
void shell_enter(void);
void shell_leave(void);
/* The same around each test of a group. */
int shell_setup(void **state);
int shell_teardown(void **state);
#define SHELL_TEST(name) cmocka_unit_test_setup_teardown(name, shell_setup, shell_teardown)
/* The command must succeed: its words are shown and the test fails otherwise. */
void shell_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Exit code of a command that may fail. */
int shell_try(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Standard output of a command that must succeed; freed with free(3). */
char *shell_output(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
