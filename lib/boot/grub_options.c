/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/grub_options.h"

#include <string.h>

struct parse {
    const struct grub_option_table *table;
    const struct grub_argv *argv;
    size_t position;
    void (*take)(void *context, size_t index, const char *value);
    void *context;
};

static bool find_long(const struct parse *parse, const char *name, size_t length, size_t *index)
{
    for (*index = 0; *index < parse->table->count; ++*index) {
        const char *known = parse->table->options[*index].name;
        if (strlen(known) == length && strncmp(known, name, length) == 0)
            return true;
    }
    return false;
}

static bool find_short(const struct parse *parse, char letter, size_t *index)
{
    for (*index = 0; *index < parse->table->count; ++*index) {
        if (parse->table->options[*index].letter == letter)
            return true;
    }
    return false;
}

static const char *next_word(const struct parse *parse)
{
    return parse->position + 1 < parse->argv->count ? parse->argv->words[parse->position + 1]
                                                    : NULL;
}

static bool take_value(struct parse *parse, size_t index, const char *value)
{
    enum grub_option_kind kind = parse->table->options[index].kind;

    if (kind == GRUB_OPTION_VALUE && value == NULL)
        return false;
    parse->take(parse->context, index, kind == GRUB_OPTION_FLAG ? NULL : value);
    return true;
}

/* A value is the next word, unless that begins with '-'. */
static bool parse_long(struct parse *parse, const char *word, bool *is_argument)
{
    const char *equals = strchr(word, '=');
    const char *value = equals == NULL ? NULL : equals + 1;
    size_t length = equals == NULL ? strlen(word) - 2 : (size_t)(equals - word) - 2;
    size_t index;

    if (!find_long(parse, word + 2, length, &index))
        return *is_argument = parse->table->accepts_dash;
    const char *next = next_word(parse);
    if (value == NULL && next != NULL && next[0] != '-' &&
        parse->table->options[index].kind != GRUB_OPTION_FLAG) {
        value = next;
        parse->position++;
    }
    return take_value(parse, index, value);
}

static bool all_known(const struct parse *parse, const char *letters)
{
    size_t index;

    while (*letters != '\0' && find_short(parse, *letters, &index))
        letters++;
    return *letters == '\0';
}

/* Only the last of several letters may have a value. */
static bool parse_short(struct parse *parse, const char *word, bool *is_argument)
{
    size_t index = 0;

    if (parse->table->accepts_dash && !all_known(parse, word + 1))
        return *is_argument = true;
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const char *next = next_word(parse);
        const char *value = NULL;
        if (!find_short(parse, *letter, &index))
            return false;
        enum grub_option_kind kind = parse->table->options[index].kind;
        if (letter[1] == '\0' && next != NULL && kind != GRUB_OPTION_FLAG &&
            (kind == GRUB_OPTION_VALUE || strlen(next) < 2 || next[0] != '-')) {
            value = next;
            parse->position++;
        }
        if (!take_value(parse, index, value))
            return false;
    }
    return true;
}

bool grub_options_parse(struct grub_run *run, const struct grub_option_table *table,
                        const struct grub_argv *argv,
                        void (*take)(void *context, size_t index, const char *value), void *context,
                        struct grub_argv *rest)
{
    struct parse parse = {.table = table, .argv = argv, .take = take, .context = context};
    bool options_end = false;

    rest->count = 0;
    rest->words = grub_run_take(run, (argv->count + 1) * sizeof(*rest->words));
    if (rest->words == NULL)
        return false;
    for (parse.position = 1; parse.position < argv->count; parse.position++) {
        char *word = argv->words[parse.position];
        bool is_argument = options_end || word[0] != '-' || word[1] == '\0';
        if (!is_argument && strcmp(word, "--") == 0) {
            options_end = true;
            continue;
        }
        if (!is_argument && !(word[1] == '-' ? parse_long(&parse, word, &is_argument)
                                             : parse_short(&parse, word, &is_argument)))
            return false;
        if (is_argument)
            rest->words[rest->count++] = word;
    }
    return true;
}
