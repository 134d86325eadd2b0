/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that steer the script: script/execute.c, kern/corecmd.c, normal/{context,main}.c,
 * commands/{configfile,eval}.c of GRUB 2.06. */
#include <string.h>

#include "boot/grub_commands.h"

/* A whole word. */
static enum grub_error take_number(const char *word, uint64_t *number)
{
    const char *rest;

    if (!grub_number(word, 10, number, &rest))
        return *number == 0 ? GRUB_BAD_NUMBER : GRUB_OUT_OF_RANGE;
    return *rest == '\0' ? GRUB_OK : GRUB_BAD_ARGUMENT;
}

/* break and continue */
enum grub_error grub_cmd_break(struct grub_run *run, const struct grub_argv *argv)
{
    uint64_t count = 1;
    enum grub_error result = argv->count > 2 ? GRUB_BAD_ARGUMENT : GRUB_OK;

    if (argv->count == 2)
        result = take_number(argv->words[1], &count);
    if (result != GRUB_OK || count == 0)
        return result != GRUB_OK ? result : GRUB_BAD_ARGUMENT;
    run->is_continue = strcmp(argv->words[0], "break") != 0;
    run->breaks = count > run->loops ? run->loops : count;
    return GRUB_OK;
}

enum grub_error grub_cmd_shift(struct grub_run *run, const struct grub_argv *argv)
{
    uint64_t count = 1;
    const char *rest = "";

    if (run->scope == NULL)
        return GRUB_OK;
    if (argv->count == 2)
        grub_number(argv->words[1], 10, &count, &rest);
    if (argv->count > 2 || *rest != '\0' || count > run->scope->count)
        return GRUB_BAD_ARGUMENT;
    run->scope->count -= count;
    run->scope->arguments += count;
    return GRUB_OK;
}

enum grub_error grub_cmd_setparams(struct grub_run *run, const struct grub_argv *argv)
{
    if (run->scope == NULL)
        return GRUB_INVALID_COMMAND;
    run->scope->count = argv->count - 1;
    run->scope->arguments = argv->words + 1;
    return GRUB_OK;
}

enum grub_error grub_cmd_return(struct grub_run *run, const struct grub_argv *argv)
{
    const char *last = grub_env_get(run, "?");
    uint64_t number = 0;

    if (run->scope == NULL || argv->count > 2)
        return GRUB_BAD_ARGUMENT;
    enum grub_error result = argv->count == 2 ? take_number(argv->words[1], &number) : GRUB_OK;
    if (result != GRUB_OK)
        return result;
    if (argv->count == 1 && last != NULL)
        grub_number(last, 10, &number, NULL);
    run->returns = true;
    return (enum grub_error)(number & 0xff);
}

enum grub_error grub_cmd_set(struct grub_run *run, const struct grub_argv *argv)
{
    if (argv->count < 2)
        return GRUB_OK;
    const char *equals = strchr(argv->words[1], '=');
    if (equals == NULL)
        return GRUB_BAD_ARGUMENT;
    const char *name = grub_run_format(run, "%.*s", (int)(equals - argv->words[1]), argv->words[1]);
    if (name != NULL)
        grub_env_set(run, name, equals + 1);
    return GRUB_OK;
}

enum grub_error grub_cmd_unset(struct grub_run *run, const struct grub_argv *argv)
{
    if (argv->count < 2)
        return GRUB_BAD_ARGUMENT;
    grub_env_unset(run, argv->words[1]);
    return GRUB_OK;
}

enum grub_error grub_cmd_export(struct grub_run *run, const struct grub_argv *argv)
{
    for (size_t i = 1; i < argv->count; i++)
        grub_env_export(run, argv->words[i]);
    return argv->count < 2 ? GRUB_BAD_ARGUMENT : GRUB_OK;
}

/* Whether it worked is not what it returns. */
enum grub_error grub_cmd_insmod(struct grub_run *run, const struct grub_argv *argv)
{
    if (argv->count < 2)
        return GRUB_BAD_ARGUMENT;
    if (argv->words[1][0] != '\0' && strchr("/(+", argv->words[1][0]) != NULL)
        grub_module_load_file(run, argv->words[1]);
    else
        grub_module_load(run, argv->words[1]);
    return GRUB_OK;
}

enum grub_error grub_cmd_eval(struct grub_run *run, const struct grub_argv *argv)
{
    const char *text = "";
    unsigned number = run->line;

    for (size_t i = 1; i < argv->count && text != NULL; i++)
        text = grub_run_format(run, "%s%s%s", text, i > 1 ? " " : "", argv->words[i]);
    if (text == NULL || argv->count < 2)
        return GRUB_OK;
    struct grub_source source = {.text = text,
                                 .size = strlen(text),
                                 .path = run->config,
                                 .numbers = &number,
                                 .number_count = 1};
    grub_execute_source(run, &source);
    const char *result = grub_env_get(run, "?");
    return result == NULL ? GRUB_OK : (enum grub_error)strtoul(result, NULL, 10);
}

/* source, '.' and configfile: the last one in a context and with a menu of its own. */
enum grub_error grub_cmd_source(struct grub_run *run, const struct grub_argv *argv)
{
    bool own = argv->words[0][0] == 'c';

    if (argv->count != 2)
        return GRUB_BAD_ARGUMENT;
    if (own)
        grub_env_open(run, false);
    if (!run->failed)
        grub_normal_execute(run, argv->words[1], true, !own);
    if (own && !grub_run_stops(run))
        grub_env_close(run);
    return GRUB_OK;
}

enum grub_error grub_cmd_normal(struct grub_run *run, const struct grub_argv *argv)
{
    grub_normal(run, argv->count > 1 ? argv->words[1] : NULL);
    return GRUB_OK;
}

enum grub_error grub_cmd_normal_exit(struct grub_run *run, const struct grub_argv *argv)
{
    (void)argv;
    if (run->nested_levels <= run->exit_levels)
        return GRUB_BAD_ARGUMENT;
    run->exit_levels++;
    return GRUB_OK;
}
