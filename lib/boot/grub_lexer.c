/* SPDX-License-Identifier: Apache-2.0 */
/* grub-core/script/{yylex.l,lexer.c} of GRUB 2.06. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "boot/grub_lexer.h"

/* yylex.l, CHAR is what none of these is. */
#define SPECIAL_CHARACTERS "{}|&$;<> \t\n'\"\\"

static const struct {
    const char *text;
    enum grub_token_kind kind;
} reserved[] = {
    {"case", GRUB_TOKEN_CASE},     {"do", GRUB_TOKEN_DO},
    {"done", GRUB_TOKEN_DONE},     {"elif", GRUB_TOKEN_ELIF},
    {"else", GRUB_TOKEN_ELSE},     {"esac", GRUB_TOKEN_ESAC},
    {"fi", GRUB_TOKEN_FI},         {"for", GRUB_TOKEN_FOR},
    {"if", GRUB_TOKEN_IF},         {"in", GRUB_TOKEN_IN},
    {"select", GRUB_TOKEN_SELECT}, {"then", GRUB_TOKEN_THEN},
    {"until", GRUB_TOKEN_UNTIL},   {"while", GRUB_TOKEN_WHILE},
    {"[[", GRUB_TOKEN_BAD},        {"function", GRUB_TOKEN_FUNCTION},
    {"]]", GRUB_TOKEN_BAD},
};

static bool record_number(struct grub_lexer *lexer, unsigned number, struct error *err)
{
    struct grub_recording *recording = &lexer->recording;

    if (recording->number_count == recording->number_room) {
        size_t room = recording->number_room * 2 + 64;
        unsigned *numbers = arena_take(lexer->arena, room * sizeof(*numbers), err);
        if (numbers == NULL)
            return !(lexer->failed = true);
        if (recording->number_count > 0)
            memcpy(numbers, recording->numbers, recording->number_count * sizeof(*numbers));
        recording->numbers = numbers;
        recording->number_room = room;
    }
    recording->numbers[recording->number_count++] = number;
    return true;
}

/* The next line becomes the buffer, behind what was left over (grub_script_lexer_yywrap()). */
static bool next_line(struct grub_lexer *lexer, bool *got, struct error *err)
{
    struct grub_line line;

    *got = grub_source_next(lexer->source, lexer->arena, &line, &lexer->failed, err);
    if (!*got)
        return !lexer->failed;
    lexer->line = line.number;
    lexer->last_line = line.number;
    lexer->buffer = line.text;
    lexer->length = line.length;
    lexer->position = 0;
    if (lexer->rest != NULL) {
        char *joined = arena_take(lexer->arena, lexer->rest_length + line.length + 1, err);
        if (joined == NULL)
            return !(lexer->failed = true);
        memcpy(joined, lexer->rest, lexer->rest_length);
        memcpy(joined + lexer->rest_length, line.text, line.length);
        lexer->buffer = joined;
        lexer->length += lexer->rest_length;
        lexer->line = lexer->rest_line;
        lexer->rest = NULL;
    }
    return lexer->recording.depth == 0 || record_number(lexer, line.number, err);
}

bool grub_lexer_start(struct grub_lexer *lexer, struct grub_source *source, struct arena *arena,
                      bool *started, struct error *err)
{
    *lexer = (struct grub_lexer){.arena = arena, .source = source};
    return next_line(lexer, started, err);
}

/* Takes `length` characters off the buffer, and keeps them where a block is open. */
static bool take(struct grub_lexer *lexer, size_t length, struct error *err)
{
    struct grub_recording *recording = &lexer->recording;
    const char *text = lexer->buffer + lexer->position;

    lexer->position += length;
    if (recording->depth == 0 || length == 0)
        return true;
    if (recording->room - recording->length < length) {
        size_t room = recording->room * 2 + length + 1024;
        char *grown = arena_take(lexer->arena, room, err);
        if (grown == NULL)
            return !(lexer->failed = true);
        if (recording->length > 0)
            memcpy(grown, recording->text, recording->length);
        recording->text = grown;
        recording->room = room;
    }
    memcpy(recording->text + recording->length, text, length);
    recording->length += length;
    return true;
}

struct grub_mark grub_lexer_record(struct grub_lexer *lexer)
{
    struct grub_recording *recording = &lexer->recording;
    struct grub_mark mark = {recording->length, recording->number_count, lexer->line};

    if (recording->depth++ == 0) {
        mark.text = 0;
        mark.number = 0;
        recording->length = 0;
        recording->number_count = 0;
    }
    return mark;
}

bool grub_lexer_recorded(struct grub_lexer *lexer, struct grub_mark mark, struct grub_block *block,
                         struct error *err)
{
    struct grub_recording *recording = &lexer->recording;
    size_t length = recording->length - mark.text - 1;
    size_t count = recording->number_count - mark.number;
    unsigned *numbers = arena_take(lexer->arena, (count + 1) * sizeof(*numbers), err);

    block->text = arena_copy(lexer->arena, recording->text + mark.text, length, err);
    if (numbers == NULL || block->text == NULL)
        return !(lexer->failed = true);
    if (count > 0)
        memcpy(numbers + 1, recording->numbers + mark.number, count * sizeof(*numbers));
    numbers[0] = mark.line;
    block->numbers = numbers;
    block->number_count = count + 1;
    recording->depth--;
    return true;
}

/* The length of what a '$' begins (yylex.l, VARIABLE); 0 where no name follows. */
static size_t variable_length(const char *text)
{
    size_t open = text[1] == '{' ? 2 : 1;
    size_t name = grub_variable_name_length(text + open);

    if (name == 0 || (open == 2 && text[open + name] != '}'))
        return 0;
    return open + name + (open == 2);
}

/* To behind the closing quote, or 0 where there is none. */
static size_t quoted_length(const char *text, size_t length)
{
    char quote = text[0];

    for (size_t i = 1; i < length; i++) {
        if (text[i] == quote)
            return i + 1;
        if (quote == '"' && text[i] == '\\')
            i++;
    }
    return 0;
}

/* The length of the piece of a word at `text`; 0 where the word ends. *open for a quote that does
 * not end in the buffer. */
static size_t piece_length(const char *text, size_t length, bool *open)
{
    size_t quote = 0;

    if (text[0] == '$' && length > 1 && text[1] == '"')
        quote = 1;
    if (text[quote] == '"' || text[quote] == '\'') {
        size_t quoted = quoted_length(text + quote, length - quote);
        *open = quoted == 0;
        return quoted == 0 ? 0 : quote + quoted;
    }
    if (text[0] == '\\')
        return length > 1 ? 2 : 0;
    if (text[0] == '$')
        return variable_length(text);
    return strchr(SPECIAL_CHARACTERS, text[0]) == NULL ? 1 : 0;
}

/* yylex.l, WORD, MULTILINE and POS_MULTILINE: the longest match, and whether it goes on in the next
 * line. */
static size_t word_length(const char *text, size_t length, bool *goes_on)
{
    size_t end = 0;
    bool newline_escaped = false;

    *goes_on = false;
    while (end < length) {
        size_t piece = piece_length(text + end, length - end, goes_on);
        if (*goes_on)
            return length;
        if (piece == 0)
            break;
        newline_escaped = text[end] == '\\' && text[end + 1] == '\n';
        end += piece;
    }
    *goes_on = newline_escaped && end == length;
    return end;
}

static enum grub_token_kind word_kind(const char *text, size_t length)
{
    size_t identifier = 0;

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (strlen(reserved[i].text) == length && memcmp(reserved[i].text, text, length) == 0)
            return reserved[i].kind;
    }
    while (identifier < length &&
           (isalnum((unsigned char)text[identifier]) || text[identifier] == '_'))
        identifier++;
    return identifier == length && !isdigit((unsigned char)text[0]) ? GRUB_TOKEN_NAME
                                                                    : GRUB_TOKEN_WORD;
}

static bool take_word(struct grub_lexer *lexer, size_t length, struct grub_token *token,
                      struct error *err)
{
    const char *text = lexer->buffer + lexer->position;

    token->kind = word_kind(text, length);
    if (memchr(text, '\n', length) != NULL)
        lexer->line = lexer->last_line;
    if (!take(lexer, length, err))
        return false;
    if (!grub_word_split(lexer->arena, text, length, &token->parts, err))
        return !(lexer->failed = true);
    if (token->parts == NULL)
        token->kind = GRUB_TOKEN_BAD;
    return true;
}

/* The rest of the buffer is kept for the next one. */
static void keep_rest(struct grub_lexer *lexer)
{
    lexer->rest = lexer->buffer + lexer->position;
    lexer->rest_length = lexer->length - lexer->position;
    lexer->rest_line = lexer->line;
    lexer->position = lexer->length;
}

static bool take_symbol(struct grub_lexer *lexer, char character, struct grub_token *token,
                        struct error *err)
{
    static const char symbols[] = "\n;{}";
    static const enum grub_token_kind kinds[] = {GRUB_TOKEN_NEWLINE, GRUB_TOKEN_SEMICOLON,
                                                 GRUB_TOKEN_OPEN, GRUB_TOKEN_CLOSE};
    const char *found = strchr(symbols, character);

    token->kind = GRUB_TOKEN_BAD;
    if (found == NULL)
        return true;
    if (character != ';' || lexer->buffer[lexer->position + 1] != ';')
        token->kind = kinds[found - symbols];
    return take(lexer, 1, err);
}

/* A token, or nothing: then the buffer is at its end, or `rest` is set. */
static bool scan(struct grub_lexer *lexer, struct grub_token *token, bool *found, struct error *err)
{
    const char *text = lexer->buffer + lexer->position;
    size_t blanks = strspn(text, " \t");
    bool goes_on;

    *found = false;
    if (!take(lexer, blanks, err))
        return false;
    text += blanks;
    /* A comment is never shorter than a word that begins with '#' (yylex.l, COMMENT). */
    if (text[0] == '#') {
        size_t comment = strcspn(text, "\n");
        if (!take(lexer, comment, err))
            return false;
        text += comment;
    }
    if (text[0] == '\0')
        return true;
    token->line = lexer->line;
    size_t length = word_length(text, lexer->length - lexer->position, &goes_on);
    if (goes_on)
        return keep_rest(lexer), true;
    *found = true;
    return length > 0 ? take_word(lexer, length, token, err)
                      : take_symbol(lexer, text[0], token, err);
}

bool grub_lexer_next(struct grub_lexer *lexer, struct grub_token *token, struct error *err)
{
    bool found = false;
    bool got = true;

    *token = (struct grub_token){.kind = GRUB_TOKEN_END, .line = lexer->line};
    while (!lexer->ended) {
        if (!scan(lexer, token, &found, err))
            return false;
        if (found)
            return true;
        if (lexer->position < lexer->length)
            continue;
        lexer->ended = lexer->open == 0 && lexer->rest == NULL;
        if (lexer->ended)
            break;
        if (!next_line(lexer, &got, err))
            return false;
        if (!got) { /* "unexpected end of file" */
            lexer->ended = true;
            token->kind = GRUB_TOKEN_BAD;
        }
    }
    return true;
}
