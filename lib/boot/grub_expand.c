/* SPDX-License-Identifier: Apache-2.0 */
/* script/execute.c, grub_script_arglist_to_argv(), and script/argv.c of GRUB 2.06: words to
 * arguments. Until file names are expanded, '*', '?' and '\' that are meant literally have a
 * backslash before them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "boot/grub_lexer.h"
#include "boot/grub_run.h"

#define WORD_LIMIT 65536

struct words {
    size_t count;
    size_t room;
    char **words;  /* the last one is NULL while nothing was put into it */
    size_t length; /* of the last one */
    size_t space;
};

/* grub_script_argv_next(): a word that is still nothing is used again. */
static bool next_word(struct grub_run *run, struct words *words)
{
    if (words->count > 0 && words->words[words->count - 1] == NULL)
        return true;
    if (words->count == WORD_LIMIT) {
        run->failed = true;
        return error_set(run->err, COLDSEAL_UNSUPPORTED, "%.200s, line %u: too many words",
                         run->config, run->line);
    }
    if (words->count == words->room) {
        char **grown = grub_run_take(run, (words->room * 2 + 8) * sizeof(*grown));
        if (grown == NULL)
            return false;
        if (words->count > 0)
            memcpy(grown, words->words, words->count * sizeof(*grown));
        words->words = grown;
        words->room = words->room * 2 + 8;
    }
    words->words[words->count++] = NULL;
    words->length = 0;
    words->space = 0;
    return true;
}

/* An empty text makes the word exist. */
static bool append(struct grub_run *run, struct words *words, const char *text, size_t length)
{
    char **word = &words->words[words->count - 1];

    if (words->space < words->length + length + 1) {
        size_t space = (words->length + length) * 2 + 16;
        char *grown = grub_run_take(run, space);
        if (grown == NULL)
            return false;
        if (words->length > 0)
            memcpy(grown, *word, words->length);
        *word = grown;
        words->space = space;
    }
    memcpy(*word + words->length, text, length);
    words->length += length;
    (*word)[words->length] = '\0';
    return true;
}

/* With a backslash before each character of `special`. */
static bool append_escaped(struct grub_run *run, struct words *words, const char *text,
                           const char *special)
{
    if (!append(run, words, "", 0))
        return false;
    while (*text != '\0') {
        size_t plain = strcspn(text, special);
        if (!append(run, words, text, plain))
            return false;
        text += plain;
        if (*text == '\0')
            break;
        if (!append(run, words, "\\", 1) || !append(run, words, text, 1))
            return false;
        text++;
    }
    return true;
}

static bool append_literal(struct grub_run *run, struct words *words, const char *text)
{
    return append_escaped(run, words, text, "*?\\");
}

/* A piece of an unquoted value: '*' and '?' in it are for file names, unless a backslash is before
 * them. */
static bool append_value(struct grub_run *run, struct words *words, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool escapes = text[i] == '\\';
        if ((escapes && !append(run, words, "\\", 1)) || !append(run, words, text + i, 1))
            return false;
        if (escapes && i + 1 < length && (text[i + 1] == '*' || text[i + 1] == '?') &&
            !append(run, words, "\\", 1))
            return false;
    }
    return true;
}

static size_t blanks(const char *text)
{
    size_t count = 0;

    while (isspace((unsigned char)text[count]))
        count++;
    return count;
}

static size_t non_blanks(const char *text)
{
    size_t count = 0;

    while (text[count] != '\0' && !isspace((unsigned char)text[count]))
        count++;
    return count;
}

/* grub_script_argv_split_append() */
static bool append_split(struct grub_run *run, struct words *words, const char *value)
{
    value += blanks(value);
    while (*value != '\0') {
        size_t length = non_blanks(value);
        if (!append_value(run, words, value, length))
            return false;
        value += length;
        value += blanks(value);
        if (*value != '\0' && !next_word(run, words))
            return false;
    }
    return true;
}

static bool append_variable(struct grub_run *run, struct words *words, const char *value,
                            bool quoted)
{
    return quoted ? append_literal(run, words, value) : append_split(run, words, value);
}

/* "$*", $*, $@ and "$@": only the first is one word. */
static bool append_parameters(struct grub_run *run, struct words *words, bool joined, bool quoted)
{
    for (size_t i = 0; i < run->scope->count; i++) {
        if (i > 0 && (joined ? !append(run, words, " ", 1) : !next_word(run, words)))
            return false;
        if (!append_variable(run, words, run->scope->arguments[i], quoted))
            return false;
    }
    return true;
}

/* grub_script_env_get() */
static bool expand_variable(struct grub_run *run, struct words *words, const char *name,
                            bool quoted)
{
    bool special = isdigit((unsigned char)name[0]) || strcmp(name, "#") == 0 ||
                   strcmp(name, "*") == 0 || strcmp(name, "@") == 0;

    if (!special) {
        const char *value = grub_env_get(run, name);
        return value == NULL || value[0] == '\0' || append_variable(run, words, value, quoted);
    }
    if (run->scope == NULL)
        return true;
    if (name[0] == '*' || name[0] == '@')
        return append_parameters(run, words, name[0] == '*' && quoted, quoted);
    if (name[0] == '#') {
        const char *count = grub_run_format(run, "%zu", run->scope->count);
        return count != NULL && append(run, words, count, strlen(count));
    }
    unsigned long number = strtoul(name, NULL, 10);
    return number == 0 || number > run->scope->count ||
           append_variable(run, words, run->scope->arguments[number - 1], quoted);
}

/* gettext_putvar(): only $# is special here, $1 is as empty as an unset variable. */
static bool append_translated_variable(struct grub_run *run, struct words *words, const char *name,
                                       size_t length)
{
    char *copy = grub_run_format(run, "%.*s", (int)length, name);

    if (copy == NULL)
        return false;
    if (strcmp(copy, "#") == 0)
        return expand_variable(run, words, copy, true);
    const char *value = grub_env_get(run, copy);
    return value == NULL || append_literal(run, words, value);
}

/* script/execute.c, parse_string(): the '$' at `text`, and how much belongs to it. */
static bool append_dollar(struct grub_run *run, struct words *words, const char *text, size_t *used)
{
    const char *closing = text[1] == '{' ? strchr(text, '}') : NULL;

    if (text[1] == '{' && closing == NULL)
        return *used = strlen(text), true;
    if (closing != NULL) {
        *used = (size_t)(closing - text) + 1;
        return append_translated_variable(run, words, text + 2, *used - 3);
    }
    size_t length = text[1] == '*' || text[1] == '@' ? 0 : grub_variable_name_length(text + 1);
    *used = 1 + length;
    return length == 0 ? append_literal(run, words, "$")
                       : append_translated_variable(run, words, text + 1, length);
}

static bool expand_translated(struct grub_run *run, struct words *words, const char *text)
{
    const char *language = grub_env_get(run, "lang");
    bool escaped = false;
    size_t used;

    if (language != NULL && language[0] != '\0' && strncmp(language, "en", 2) != 0)
        grub_run_note(run,
                      "a text may be translated to \"%.16s\"; it is measured as it stands here",
                      language);
    if (!append(run, words, "", 0))
        return false;
    for (; *text != '\0'; text += used) {
        char one[3] = {'\\', *text, '\0'};
        bool bare = !escaped || *text == '$' || *text == '\\';
        used = 1;
        if (*text == '\\')
            escaped = !escaped;
        if (*text == '$' && !escaped) {
            if (!append_dollar(run, words, text, &used))
                return false;
            continue;
        }
        if ((*text != '\\' || !escaped) && !append_literal(run, words, bare ? one + 1 : one))
            return false;
        if (*text != '\\')
            escaped = false;
    }
    return true;
}

static bool expand_part(struct grub_run *run, struct words *words, const struct grub_part *part,
                        struct grub_argv *argv)
{
    switch (part->kind) {
    case GRUB_PART_VARIABLE:
    case GRUB_PART_QUOTED_VARIABLE:
        return expand_variable(run, words, part->text, part->kind == GRUB_PART_QUOTED_VARIABLE);
    case GRUB_PART_BLOCK:
        argv->block = part->block;
        return append(run, words, "{", 1) && append_literal(run, words, part->text) &&
               append(run, words, "}", 1);
    case GRUB_PART_TEXT: /* has its own backslashes */
        return part->text[0] == '\0' || append(run, words, part->text, strlen(part->text));
    case GRUB_PART_TRANSLATED:
        return expand_translated(run, words, part->text);
    case GRUB_PART_QUOTED:
        return append_literal(run, words, part->text);
    }
    return false;
}

static bool has_wildcard(const char *word)
{
    for (; *word != '\0'; word++) {
        if (*word == '*' || *word == '?')
            return true;
        if (*word == '\\' && word[1] != '\0')
            word++;
    }
    return false;
}

static void unescape(char *word)
{
    char *out = word;

    for (; *word != '\0'; word++) {
        if (*word == '\\' && word[1] != '\0')
            word++;
        *out++ = *word;
    }
    *out = '\0';
}

/* commands/wildcard.c, wildcard_expand(): of module regexp, and for paths only. */
static bool expand_names(struct grub_run *run, char *word, struct grub_argv *argv, size_t *room)
{
    size_t count = 0;
    char **names = NULL;

    if (strchr("/(*", word[0]) != NULL && has_wildcard(word) &&
        grub_module_is_loaded(run, "regexp") && !grub_glob(run, word, &count, &names))
        return false;
    if (count == 0) {
        unescape(word);
        names = &word;
        count = 1;
    }
    if (*room - argv->count < count) {
        size_t larger = *room * 2 + count + 8;
        char **grown = grub_run_take(run, (larger + 1) * sizeof(*grown));
        if (grown == NULL)
            return false;
        if (argv->count > 0)
            memcpy(grown, argv->words, argv->count * sizeof(*grown));
        argv->words = grown;
        *room = larger;
    }
    memcpy(argv->words + argv->count, names, count * sizeof(*names));
    argv->count += count;
    return true;
}

bool grub_expand(struct grub_run *run, const struct grub_word *list, struct grub_argv *argv)
{
    struct words words = {0};
    size_t room = 0;

    memset(argv, 0, sizeof(*argv));
    for (const struct grub_word *word = list; word != NULL; word = word->next) {
        if (!next_word(run, &words))
            return false;
        for (const struct grub_part *part = word->parts; part != NULL; part = part->next) {
            if (!expand_part(run, &words, part, argv))
                return false;
        }
    }
    if (words.count > 0 && words.words[words.count - 1] == NULL)
        words.count--;
    for (size_t i = 0; i < words.count; i++) {
        if (!expand_names(run, words.words[i], argv, &room))
            return false;
    }
    return true;
}
