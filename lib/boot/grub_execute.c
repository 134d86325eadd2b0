/* SPDX-License-Identifier: Apache-2.0 */
/* script/execute.c of GRUB 2.06: lists, conditions, loops, functions. */
#include <stdio.h>
#include <string.h>

#include "boot/grub_run.h"

/* grub_script_execute_cmdline(): what is measured is every word with one space between. */
static bool measure_command(struct grub_run *run, const struct grub_argv *argv)
{
    size_t length = 0;

    for (size_t i = 0; i < argv->count; i++)
        length += strlen(argv->words[i]) + 1;
    char *text = grub_run_take(run, length);
    if (text == NULL)
        return false;
    char *end = text;
    for (size_t i = 0; i < argv->count; i++) {
        end = stpcpy(end, argv->words[i]);
        *end++ = i + 1 < argv->count ? ' ' : '\0';
    }
    grub_run_measure(run, GRUB_STEP_COMMAND, text);
    return !run->failed;
}

static enum grub_error call_function(struct grub_run *run, struct grub_function *function,
                                     const struct grub_argv *argv)
{
    struct grub_scope scope = {argv->count - 1, argv->words + 1};
    struct grub_scope *outer = run->scope;
    const char *config = run->config;
    unsigned long loops = run->loops;

    run->loops = 0;
    run->scope = &scope;
    run->config = function->path;
    function->executing++;
    enum grub_error result = grub_execute_list(run, function->body);
    function->executing--;
    run->returns = false;
    run->loops = loops;
    run->scope = outer;
    run->config = config;
    return result;
}

/* "As a last resort": NAME=VALUE. Anything else is a message, and success. */
static enum grub_error assign(struct grub_run *run, const char *word)
{
    const char *equals = strchr(word, '=');

    if (equals == NULL) {
        grub_run_note(run, "no command or function \"%.64s\" is known here", word);
        return GRUB_OK;
    }
    const char *name = grub_run_format(run, "%.*s", (int)(equals - word), word);
    if (name != NULL && name[0] != '\0' && strchr("0123456789#*@", name[0]) == NULL)
        grub_env_set(run, name, equals + 1);
    return GRUB_OK;
}

static enum grub_error inverted(enum grub_error result)
{
    return result == GRUB_OK ? GRUB_TEST_FAILURE : GRUB_OK;
}

static enum grub_error dispatch(struct grub_run *run, struct grub_argv *argv)
{
    bool invert = strcmp(argv->words[0], "!") == 0;

    if (invert && argv->count < 2)
        return GRUB_BAD_ARGUMENT;
    argv->words += invert;
    argv->count -= invert;
    grub_command_function command = grub_command_find(run, argv->words[0]);
    struct grub_function *function = grub_function_find(run->functions, argv->words[0]);
    enum grub_error result;
    if (command != NULL)
        result = command(run, argv);
    else if (function != NULL)
        result = call_function(run, function, argv);
    else
        return assign(run, argv->words[0]);
    return invert ? inverted(result) : result;
}

static void set_result(struct grub_run *run, enum grub_error result)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)result);
    if (!grub_run_stops(run))
        grub_env_set(run, "?", text);
}

static enum grub_error execute_command(struct grub_run *run, const struct grub_node *node)
{
    struct grub_argv argv;

    if (!grub_expand(run, node->words, &argv) || argv.count == 0 || !measure_command(run, &argv))
        return GRUB_OK;
    enum grub_error result = dispatch(run, &argv);
    set_result(run, result);
    return result;
}

static enum grub_error execute_node(struct grub_run *run, const struct grub_node *node);

static enum grub_error execute_if(struct grub_run *run, const struct grub_node *node)
{
    enum grub_error result = grub_execute_list(run, node->condition);

    if (run->returns || grub_run_stops(run))
        return result;
    const char *value = grub_env_get(run, "?");
    if (value != NULL && strcmp(value, "0") == 0)
        return grub_execute_list(run, node->body);
    if (node->otherwise_if != NULL)
        return execute_node(run, node->otherwise_if);
    return node->otherwise == NULL ? GRUB_OK : grub_execute_list(run, node->otherwise);
}

static enum grub_error execute_for(struct grub_run *run, const struct grub_node *node)
{
    struct grub_argv argv;
    enum grub_error result = GRUB_OK;

    if (node->words == NULL || !grub_expand(run, node->words, &argv))
        return GRUB_OK;
    run->loops++;
    for (size_t i = 0; i < argv.count && !grub_run_stops(run); i++) {
        if (run->is_continue && run->breaks == 1)
            run->breaks = 0;
        if (run->breaks > 0)
            continue;
        grub_env_set(run, node->name, argv.words[i]);
        result = grub_execute_list(run, node->body);
        if (run->returns)
            break;
    }
    if (run->breaks > 0)
        run->breaks--;
    run->loops--;
    return result;
}

static enum grub_error execute_while(struct grub_run *run, const struct grub_node *node)
{
    enum grub_error result = GRUB_OK;

    run->loops++;
    while (!grub_run_stops(run)) {
        result = grub_execute_list(run, node->condition);
        if (run->returns || (node->is_until ? result == GRUB_OK : result != GRUB_OK))
            break;
        result = grub_execute_list(run, node->body);
        if (run->returns)
            break;
        if (run->breaks == 1 && run->is_continue)
            run->breaks = 0;
        if (run->breaks > 0)
            break;
    }
    if (run->breaks > 0)
        run->breaks--;
    run->loops--;
    return result;
}

static enum grub_error execute_kind(struct grub_run *run, const struct grub_node *node)
{
    run->line = node->line;
    switch (node->kind) {
    case GRUB_NODE_COMMAND:
        return execute_command(run, node);
    case GRUB_NODE_IF:
        return execute_if(run, node);
    case GRUB_NODE_FOR:
        return execute_for(run, node);
    case GRUB_NODE_WHILE:
        return execute_while(run, node);
    }
    return GRUB_OK;
}

static bool refuse(struct grub_run *run, const char *reason)
{
    if (!run->failed)
        error_set(run->err, COLDSEAL_UNSUPPORTED, "%.200s, line %u: %s", run->config, run->line,
                  reason);
    run->failed = true;
    return false;
}

static bool enter(struct grub_run *run)
{
    if (++run->depth >= GRUB_RUN_DEPTH_LIMIT)
        return refuse(run, "commands are nested deeper than GRUB allows");
    if (++run->commands >= GRUB_RUN_COMMAND_LIMIT)
        return refuse(run, "GRUB's configuration takes too many commands, or has no end");
    return true;
}

/* grub_script_execute_cmd() */
static enum grub_error execute_node(struct grub_run *run, const struct grub_node *node)
{
    if (grub_run_stops(run) || !enter(run))
        return GRUB_OK;
    enum grub_error result = execute_kind(run, node);
    run->depth--;
    set_result(run, result);
    return result;
}

enum grub_error grub_execute_list(struct grub_run *run, const struct grub_list *list)
{
    enum grub_error result = GRUB_OK;

    if (grub_run_stops(run) || !enter(run))
        return GRUB_OK;
    for (const struct grub_node *node = list->first;
         node != NULL && run->breaks == 0 && !grub_run_stops(run); node = node->next) {
        result = execute_node(run, node);
        if (run->returns)
            break;
    }
    run->depth--;
    set_result(run, result);
    return result;
}

/* normal/main.c, read_config_file(), and grub_script_execute_sourcecode(). */
void grub_execute_source(struct grub_run *run, struct grub_source *source)
{
    const char *config = run->config;
    unsigned line = run->line;
    bool at_end = false;

    run->config = source->path;
    while (!grub_run_stops(run)) {
        struct grub_list *list;
        unsigned bad_line;
        if (!grub_parse_unit(source, run->arena, &run->functions, &list, &bad_line, &at_end,
                             run->err)) {
            run->failed = true;
            return;
        }
        if (at_end)
            break;
        if (bad_line > 0)
            grub_run_note_at(run, run->config, bad_line, "syntax error: GRUB leaves this out");
        if (bad_line > 0 && source->numbers != NULL)
            break; /* an entry's body ends there */
        if (list != NULL)
            grub_execute_list(run, list);
    }
    if (!grub_run_stops(run)) {
        run->config = config;
        run->line = line;
    }
}
