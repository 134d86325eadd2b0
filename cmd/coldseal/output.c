/* SPDX-License-Identifier: Apache-2.0 */
/* Printing: the report or the failure, and progress. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define PROGRESS_INTERVAL_NS 100000000

static bool progress_wanted(const struct parsed *parsed)
{
    return !parsed->common.quiet && isatty(STDERR_FILENO);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void progress_show(void *context, const char *stage, uint64_t done, uint64_t total)
{
    int64_t *last = context;
    int64_t now = now_ns();

    if (now - *last < PROGRESS_INTERVAL_NS && done != total)
        return;
    *last = now;
    if (total == 0)
        fprintf(stderr, "\r\033[K%s …", stage);
    else
        fprintf(stderr, "\r\033[K%s %3.0f %%", stage, 100.0 * (double)done / (double)total);
    fflush(stderr);
}

struct coldseal_progress command_progress(const struct parsed *parsed)
{
    static int64_t last;

    if (!progress_wanted(parsed))
        return (struct coldseal_progress){0};
    return (struct coldseal_progress){.update = progress_show, .context = &last};
}

static void progress_clear(const struct parsed *parsed)
{
    if (progress_wanted(parsed))
        fputs("\r\033[K", stderr);
}

static int print_text(char *text, const char *end)
{
    bool ok = text != NULL && fputs(text, stdout) >= 0 && fputs(end, stdout) >= 0;

    free(text);
    if (ok && fflush(stdout) == 0)
        return COLDSEAL_OK;
    fputs("coldseal: standard output cannot be written\n", stderr);
    return COLDSEAL_IO;
}

static int print_failure(const struct parsed *parsed, const struct coldseal_error *err)
{
    fprintf(stderr, "coldseal: %s\n", err->message);
    if (parsed->common.json)
        print_text(coldseal_error_json(err), "\n");
    return err->code;
}

static int print_statement(const struct coldseal_report *report, struct coldseal_error *err)
{
    char *text = coldseal_report_statement(report, err);

    if (text != NULL)
        return print_text(text, "\n");
    fprintf(stderr, "coldseal: %s\n", err->message);
    return err->code;
}

static int print_report(const struct parsed *parsed, const struct coldseal_report *report,
                        struct coldseal_error *err)
{
    if (parsed->common.statement)
        return print_statement(report, err);
    if (parsed->common.json)
        return print_text(coldseal_report_json(report, err), "\n");
    return parsed->common.quiet ? COLDSEAL_OK : print_text(coldseal_report_text(report, err), "");
}

int command_line(const struct parsed *parsed, const struct coldseal_report *report)
{
    struct coldseal_error err = {0};

    progress_clear(parsed);
    return print_report(parsed, report, &err);
}

int command_finish(const struct parsed *parsed, const char *subject, bool ok,
                   struct coldseal_report *report, const struct coldseal_error *err)
{
    struct coldseal_error shown = *err;
    int code = COLDSEAL_OK;

    progress_clear(parsed);
    if (!ok && subject != NULL)
        coldseal_error_prefix(&shown, strcmp(subject, "-") == 0 ? "standard input" : subject);
    if (report != NULL)
        code = print_report(parsed, report, &shown);
    if (!ok && report != NULL)
        fprintf(stderr, "coldseal: %s\n", shown.message);
    else if (!ok)
        print_failure(parsed, &shown);
    coldseal_report_free(report);
    return ok ? code : (int)err->code;
}

int command_usage(const struct command *self, const struct parsed *parsed, const char *format, ...)
{
    struct coldseal_error err = {.code = COLDSEAL_USAGE};
    va_list args;

    va_start(args, format);
    int used = vsnprintf(err.message, sizeof(err.message) / 2, format, args);
    va_end(args);
    size_t end =
        (size_t)used < sizeof(err.message) / 2 ? (size_t)used : sizeof(err.message) / 2 - 1;
    snprintf(err.message + end, sizeof(err.message) - end, " (see coldseal %s --help)", self->name);
    coldseal_error_prefix(&err, self->name);
    return print_failure(parsed, &err);
}

bool command_stdout_is_for(const struct command *self, struct parsed *parsed, const char *path)
{
    if (path == NULL || strcmp(path, "-") != 0)
        return true;
    bool twice = parsed->stdout_taken;
    parsed->stdout_taken = true;
    parsed->common.quiet = true;
    if (!parsed->common.json && !twice)
        return true;
    parsed->exit_code = command_usage(self, parsed, "%s both want standard output",
                                      twice ? "two outputs that are \"-\"" : "--json and \"-\"");
    return false;
}

bool command_stdin_is_for(const struct command *self, struct parsed *parsed, const char *path)
{
    if (path == NULL || strcmp(path, "-") != 0)
        return true;
    bool twice = parsed->stdin_taken;
    parsed->stdin_taken = true;
    if (!twice)
        return true;
    parsed->exit_code = command_usage(self, parsed,
                                      "two inputs that are \"-\" both want standard "
                                      "input");
    return false;
}
