/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of GRUB script, for its parser. */
#ifndef BOOT_GRUB_LEXER_H
#define BOOT_GRUB_LEXER_H

#include "boot/grub_syntax.h"

enum grub_token_kind {
    GRUB_TOKEN_END,
    GRUB_TOKEN_NEWLINE,
    GRUB_TOKEN_SEMICOLON,
    GRUB_TOKEN_OPEN,  /* { */
    GRUB_TOKEN_CLOSE, /* } */
    GRUB_TOKEN_WORD,
    GRUB_TOKEN_NAME, /* a word that is an identifier */
    GRUB_TOKEN_CASE,
    GRUB_TOKEN_DO,
    GRUB_TOKEN_DONE,
    GRUB_TOKEN_ELIF,
    GRUB_TOKEN_ELSE,
    GRUB_TOKEN_ESAC,
    GRUB_TOKEN_FI,
    GRUB_TOKEN_FOR,
    GRUB_TOKEN_IF,
    GRUB_TOKEN_IN,
    GRUB_TOKEN_SELECT,
    GRUB_TOKEN_THEN,
    GRUB_TOKEN_UNTIL,
    GRUB_TOKEN_WHILE,
    GRUB_TOKEN_FUNCTION,
    GRUB_TOKEN_BAD, /* what the grammar has no place for, or no token at all */
};

struct grub_token {
    enum grub_token_kind kind;
    const struct grub_part *parts; /* of words, names and reserved words */
    unsigned line;
};

/* What passes through the lexer while blocks are open. */
struct grub_recording {
    unsigned depth;
    char *text;
    size_t length;
    size_t room;
    unsigned *numbers; /* of the lines in it */
    size_t number_count;
    size_t number_room;
};

struct grub_lexer {
    struct arena *arena;
    struct grub_source *source;
    const char *buffer; /* a line, with what was left of the ones before */
    size_t length;
    size_t position;
    unsigned line;      /* of `position` */
    unsigned last_line; /* of the end of the buffer */
    const char *rest;   /* an open quote or a continued line, to be put before the next line */
    size_t rest_length;
    unsigned rest_line;
    unsigned open; /* constructs that need more lines */
    bool ended;
    bool failed; /* an error is set */
    struct grub_recording recording;
};

/* *started is false, and the result true, at the end of the source. */
bool grub_lexer_start(struct grub_lexer *lexer, struct grub_source *source, struct arena *arena,
                      bool *started, struct error *err);
/* false only with an error; what GRUB does not understand is a token. */
bool grub_lexer_next(struct grub_lexer *lexer, struct grub_token *token, struct error *err);

/* What was read since then, without the closing brace. Calls nest. */
struct grub_mark {
    size_t text;
    size_t number;
    unsigned line; /* of the opening brace */
};
struct grub_mark grub_lexer_record(struct grub_lexer *lexer);
bool grub_lexer_recorded(struct grub_lexer *lexer, struct grub_mark mark, struct grub_block *block,
                         struct error *err);

/* Of the variable's name at `text`, which is a NUL-terminated text; 0 where there is none. */
size_t grub_variable_name_length(const char *text);
/* A word's text to its parts (yylex.l, states SPLIT to VAR). *parts is NULL, and the result true,
 * for a '$' in double quotes that no name follows. */
bool grub_word_split(struct arena *arena, const char *text, size_t length,
                     const struct grub_part **parts, struct error *err);

#endif
