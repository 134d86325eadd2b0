/* SPDX-License-Identifier: Apache-2.0 */
/* commands/menuentry.c of GRUB 2.06: how menus are filled. */
#include <string.h>

#include "boot/grub_commands.h"
#include "boot/grub_options.h"

/* setparams_prefix() */
static char *parameters_line(struct grub_run *run, const struct grub_argv *titles)
{
    size_t room = sizeof("setparams\n");

    for (size_t i = 0; i < titles->count; i++)
        room += 3 + 4 * strlen(titles->words[i]);
    char *line = grub_run_take(run, room);
    char *out = line == NULL ? NULL : stpcpy(line, "setparams");
    for (size_t i = 0; i < titles->count && out != NULL; i++) {
        out = stpcpy(out, " '");
        for (const char *in = titles->words[i]; *in != '\0'; in++) {
            if (*in == '\'')
                out = stpcpy(out, "'\\'");
            *out++ = *in;
        }
        *out++ = '\'';
    }
    if (out != NULL)
        *out = '\n';
    return line;
}

/* What is left over is the title, and words for the body's parameters. */
struct entry_options {
    const char *id;
    const char *users;
    const char *source;
    bool unrestricted;
    struct grub_argv rest;
};

enum { OPTION_CLASS, OPTION_USERS, OPTION_HOTKEY, OPTION_SOURCE, OPTION_ID, OPTION_UNRESTRICTED };
static const struct grub_option entry_option_table[] = {
    [OPTION_CLASS] = {"class", 0, GRUB_OPTION_VALUE},
    [OPTION_USERS] = {"users", 0, GRUB_OPTION_VALUE},
    [OPTION_HOTKEY] = {"hotkey", 0, GRUB_OPTION_VALUE},
    [OPTION_SOURCE] = {"source", 0, GRUB_OPTION_VALUE},
    [OPTION_ID] = {"id", 0, GRUB_OPTION_VALUE},
    [OPTION_UNRESTRICTED] = {"unrestricted", 0, GRUB_OPTION_FLAG},
};
static const struct grub_option_table entry_options = {
    entry_option_table, sizeof(entry_option_table) / sizeof(entry_option_table[0]), true};

static void take_option(void *context, size_t index, const char *value)
{
    struct entry_options *options = context;

    if (index == OPTION_ID)
        options->id = value;
    if (index == OPTION_USERS)
        options->users = value;
    if (index == OPTION_SOURCE)
        options->source = value;
    if (index == OPTION_UNRESTRICTED)
        options->unrestricted = true;
}

static void add_entry(struct grub_menu *menu, struct grub_entry *entry)
{
    struct grub_entry **last = &menu->entries;

    while (*last != NULL)
        last = &(*last)->next;
    *last = entry;
    menu->count++;
}

/* grub_normal_add_menu_entry() */
static void fill_entry(struct grub_run *run, const struct grub_argv *argv,
                       const struct entry_options *options, struct grub_entry *entry)
{
    const char *parameters = options->source == NULL ? parameters_line(run, &options->rest) : "";
    const char *text = options->source == NULL ? argv->block->text : options->source;

    *entry = (struct grub_entry){
        .title = options->rest.words[0],
        .id = options->id == NULL ? options->rest.words[0] : options->id,
        .argument_count = options->rest.count,
        .arguments = options->rest.words,
        .body = grub_run_format(run, "%s%s", parameters, text),
        .numbers = argv->block == NULL ? &entry->line : argv->block->numbers,
        .number_count = argv->block == NULL ? 1 : argv->block->number_count,
        .config = run->config,
        .line = run->line,
        .is_submenu = argv->words[0][0] == 's',
        .is_restricted = !options->unrestricted || options->users != NULL,
    };
}

enum grub_error grub_cmd_menuentry(struct grub_run *run, const struct grub_argv *argv)
{
    struct entry_options options = {0};
    struct grub_argv words = *argv;
    struct grub_entry *entry = grub_run_take(run, sizeof(*entry));

    words.count -= argv->block != NULL;
    if (run->failed ||
        !grub_options_parse(run, &entry_options, &words, take_option, &options, &options.rest))
        return GRUB_BAD_ARGUMENT;
    if ((argv->block != NULL) == (options.source != NULL))
        return GRUB_BAD_ARGUMENT;
    if (options.rest.count == 0 || run->context->menu == NULL)
        return GRUB_MENU_ERROR;
    fill_entry(run, argv, &options, entry);
    if (!run->failed)
        add_entry(run->context->menu, entry);
    return GRUB_OK;
}
