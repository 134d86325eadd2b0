/* SPDX-License-Identifier: Apache-2.0 */
/* kern/{parser,rescue_parser}.c of GRUB 2.06: the configuration that is built into the image has a
 * simpler syntax, and its own commands are not measured. */
#include <ctype.h>
#include <string.h>

#include "boot/grub_lexer.h"
#include "boot/grub_run.h"

#define WORD_LIMIT 256

struct line {
    struct grub_run *run;
    const char *text;
    char *word; /* being made */
    bool in_word;
    struct grub_argv argv;
};

static void put(struct line *line, const char *text, size_t length)
{
    char *longer = grub_run_format(line->run, "%s%.*s", line->word, (int)length, text);

    if (longer != NULL)
        line->word = longer;
    line->in_word = line->in_word || length > 0;
}

static void end_word(struct line *line)
{
    if (line->in_word && line->argv.count < WORD_LIMIT)
        line->argv.words[line->argv.count++] = line->word;
    line->word = line->run->failed ? NULL : grub_run_copy(line->run, "");
    line->in_word = false;
}

/* "$name" and "${name}" */
static void put_variable(struct line *line)
{
    bool braces = line->text[1] == '{';
    const char *name = line->text + 1 + braces;
    size_t length = braces ? strcspn(name, "}\n") : grub_variable_name_length(name);
    char *copy = grub_run_format(line->run, "%.*s", (int)length, name);
    const char *value = copy == NULL ? NULL : grub_env_get(line->run, copy);

    if (value != NULL)
        put(line, value, strlen(value));
    line->text = name + length + (braces && name[length] == '}');
}

static void put_quoted(struct line *line)
{
    char quote = *line->text++;

    while (*line->text != '\0' && *line->text != quote && !line->run->failed) {
        if (quote == '"' && *line->text == '$')
            put_variable(line);
        else
            put(line, line->text++, 1);
    }
    line->text += *line->text == quote;
}

/* A newline inside of quotes does not end the line. */
static void split(struct line *line)
{
    while (*line->text != '\0' && *line->text != '\n' && !line->run->failed) {
        if (isspace((unsigned char)*line->text)) {
            end_word(line);
            line->text++;
        } else if (*line->text == '$') {
            put_variable(line);
        } else if (*line->text == '\'' || *line->text == '"') {
            put_quoted(line);
        } else {
            line->text += *line->text == '\\' && line->text[1] != '\0';
            put(line, line->text++, 1);
        }
    }
    end_word(line);
    line->text += *line->text == '\n';
}

static void run_line(struct grub_run *run, const struct grub_argv *argv)
{
    const char *equals = argv->count == 1 ? strchr(argv->words[0], '=') : NULL;

    if (equals != NULL) {
        const char *name =
            grub_run_format(run, "%.*s", (int)(equals - argv->words[0]), argv->words[0]);
        if (name != NULL)
            grub_env_set(run, name, equals + 1);
        return;
    }
    grub_command_function command =
        argv->count == 0 ? NULL : grub_command_find(run, argv->words[0]);
    if (command != NULL)
        command(run, argv);
    else if (argv->count > 0)
        grub_run_note(run, "built-in configuration: no command \"%.64s\" is known here",
                      argv->words[0]);
}

void grub_execute_rescue(struct grub_run *run, const char *config)
{
    struct line line = {.run = run, .text = config};

    while (*line.text != '\0' && !grub_run_stops(run)) {
        line.argv =
            (struct grub_argv){.words = grub_run_take(run, (WORD_LIMIT + 1) * sizeof(char *))};
        line.word = grub_run_copy(run, "");
        if (run->failed)
            return;
        split(&line);
        if (!run->failed)
            run_line(run, &line.argv);
    }
}
