/* SPDX-License-Identifier: Apache-2.0 */
/* grub-core/script/yylex.l of GRUB 2.06, states SPLIT, DQUOTE, I18NQUOTE, SQUOTE and VAR: what the
 * parts of a word are. */
#include <ctype.h>
#include <string.h>

#include "boot/grub_lexer.h"

struct splitter {
    struct arena *arena;
    const char *text;
    size_t length;
    size_t position;
    char *pending; /* what the next part will have */
    size_t pending_length;
    struct grub_part *first;
    struct grub_part **last;
    bool bad;
};

static bool emit(struct splitter *splitter, enum grub_part_kind kind, struct error *err)
{
    struct grub_part *part = arena_take(splitter->arena, sizeof(*part), err);

    if (part == NULL)
        return false;
    part->kind = kind;
    part->text = arena_copy(splitter->arena, splitter->pending, splitter->pending_length, err);
    if (part->text == NULL)
        return false;
    splitter->pending_length = 0;
    *splitter->last = part;
    splitter->last = &part->next;
    return true;
}

static void put(struct splitter *splitter, size_t length)
{
    memcpy(splitter->pending + splitter->pending_length, splitter->text + splitter->position,
           length);
    splitter->pending_length += length;
    splitter->position += length;
}

static bool is_at(const struct splitter *splitter, const char *text)
{
    size_t length = strlen(text);

    return splitter->length - splitter->position >= length &&
           memcmp(splitter->text + splitter->position, text, length) == 0;
}

/* yylex.l, SPECIAL, DIGITS and NAME */
size_t grub_variable_name_length(const char *text)
{
    size_t length = 0;

    if (text[0] != '\0' && strchr("?#*@", text[0]) != NULL)
        return 1;
    if (isdigit((unsigned char)text[0]))
        return strspn(text, "0123456789");
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

/* Behind the '$'. */
static bool split_variable(struct splitter *splitter, enum grub_part_kind kind, struct error *err)
{
    bool braces = is_at(splitter, "{");

    splitter->position += braces;
    size_t length = grub_variable_name_length(splitter->text + splitter->position);
    put(splitter, length);
    splitter->bad = length == 0 || (braces && !is_at(splitter, "}"));
    splitter->position += braces && !splitter->bad;
    return emit(splitter, kind, err);
}

static bool split_single_quotes(struct splitter *splitter, struct error *err)
{
    while (splitter->position < splitter->length && !is_at(splitter, "'"))
        put(splitter, 1);
    splitter->position++;
    return emit(splitter, GRUB_PART_QUOTED, err);
}

static bool split_double_quotes(struct splitter *splitter, struct error *err)
{
    while (splitter->position < splitter->length && !is_at(splitter, "\"") && !splitter->bad) {
        if (is_at(splitter, "\\\n")) {
            splitter->position += 2;
        } else if (is_at(splitter, "\\$") || is_at(splitter, "\\\\") || is_at(splitter, "\\\"")) {
            splitter->position++;
            put(splitter, 1);
        } else if (is_at(splitter, "$")) {
            splitter->position++;
            if (!emit(splitter, GRUB_PART_QUOTED, err) ||
                !split_variable(splitter, GRUB_PART_QUOTED_VARIABLE, err))
                return false;
        } else {
            put(splitter, 1);
        }
    }
    splitter->position++;
    return emit(splitter, GRUB_PART_QUOTED, err);
}

static bool split_translated(struct splitter *splitter, struct error *err)
{
    while (splitter->position < splitter->length && !is_at(splitter, "\"")) {
        if (is_at(splitter, "\\\n")) {
            splitter->position += 2;
        } else if (is_at(splitter, "\\\\")) {
            put(splitter, 2);
        } else if (is_at(splitter, "\\\"")) {
            splitter->position++;
            put(splitter, 1);
        } else {
            put(splitter, 1);
        }
    }
    splitter->position++;
    return emit(splitter, GRUB_PART_TRANSLATED, err);
}

static bool split_piece(struct splitter *splitter, struct error *err)
{
    if (is_at(splitter, "\\\n"))
        return splitter->position += 2, true;
    if (is_at(splitter, "\\"))
        return put(splitter, splitter->length - splitter->position > 1 ? 2 : 1), true;
    if (is_at(splitter, "$\"")) {
        /* What stands before it becomes translated text too. */
        splitter->position += 2;
        return emit(splitter, GRUB_PART_TRANSLATED, err) && split_translated(splitter, err);
    }
    if (!is_at(splitter, "$") && !is_at(splitter, "'") && !is_at(splitter, "\""))
        return put(splitter, 1), true;
    char character = splitter->text[splitter->position++];
    if (!emit(splitter, GRUB_PART_TEXT, err))
        return false;
    if (character == '$')
        return split_variable(splitter, GRUB_PART_VARIABLE, err);
    return character == '"' ? split_double_quotes(splitter, err)
                            : split_single_quotes(splitter, err);
}

bool grub_word_split(struct arena *arena, const char *text, size_t length,
                     const struct grub_part **parts, struct error *err)
{
    struct splitter splitter = {.arena = arena, .length = length};

    splitter.last = &splitter.first;
    splitter.text = arena_copy(arena, text, length, err);
    splitter.pending = splitter.text == NULL ? NULL : arena_take(arena, length + 1, err);
    if (splitter.pending == NULL)
        return false;
    while (splitter.position < length && !splitter.bad) {
        if (!split_piece(&splitter, err))
            return false;
    }
    if (!emit(&splitter, GRUB_PART_TEXT, err))
        return false;
    *parts = splitter.bad ? NULL : splitter.first;
    return true;
}
