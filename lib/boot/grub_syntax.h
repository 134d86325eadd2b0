/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB script: text to syntax tree, as grub-core/script/{yylex.l,lexer.c,parser.y} of GRUB 2.06 and
 * 2.12 do it. Input is parsed one unit at a time: a line, or as many lines as an open block, `if`,
 * loop, function or quote needs. All of a tree lives in one arena. */
#ifndef BOOT_GRUB_SYNTAX_H
#define BOOT_GRUB_SYNTAX_H

#include "core/arena.h"

#define GRUB_PARSE_DEPTH_LIMIT 64

/* Lines of a configuration file, or of a menu entry's body. */
struct grub_source {
    const char *text;
    size_t size;
    size_t position;
    const char *path; /* of the configuration file, as GRUB names it */
    unsigned line;    /* of the last line taken, from 1 */
    /* A body's lines are numbered as in its file; NULL for a file, whose lines that begin with '#'
     * are left out before anything else sees them (normal/main.c, read_config_file_getline()). */
    const unsigned *numbers;
    size_t number_count;
};

struct grub_source grub_source_file(const char *path, const void *text, size_t size);

struct grub_line {
    const char *text; /* ends in a newline */
    size_t length;
    unsigned number;
};
/* false at the end, where *line is not touched, and on an error. */
bool grub_source_next(struct grub_source *source, struct arena *arena, struct grub_line *line,
                      bool *failed, struct error *err);

/* A block in braces: its text without them, and the number of each of its lines. */
struct grub_block {
    const char *text;
    const unsigned *numbers;
    size_t number_count;
};

/* script_sh.h, grub_script_arg_type_t */
enum grub_part_kind {
    GRUB_PART_TEXT,            /* unquoted, with its backslashes */
    GRUB_PART_VARIABLE,        /* $x: its value is split into words */
    GRUB_PART_QUOTED_VARIABLE, /* "$x" */
    GRUB_PART_QUOTED,
    GRUB_PART_TRANSLATED, /* $"…" */
    GRUB_PART_BLOCK,
};

struct grub_part {
    enum grub_part_kind kind;
    const char *text;
    const struct grub_block *block;
    struct grub_part *next;
};

struct grub_word {
    const struct grub_part *parts;
    struct grub_word *next;
};

enum grub_node_kind { GRUB_NODE_COMMAND, GRUB_NODE_IF, GRUB_NODE_FOR, GRUB_NODE_WHILE };

struct grub_node;
struct grub_list {
    struct grub_node *first;
};

struct grub_node {
    enum grub_node_kind kind;
    unsigned line;
    struct grub_word *words;        /* of a command; of `for`, after `in` */
    const char *name;               /* of `for`'s variable */
    bool is_until;                  /* of `while` */
    struct grub_list *condition;    /* of `if` and `while` */
    struct grub_list *body;         /* of all but a command */
    struct grub_list *otherwise;    /* `else`; NULL */
    struct grub_node *otherwise_if; /* `elif`; NULL */
    struct grub_node *next;
};

/* A function is defined when its definition is parsed (parser.y), not when it is executed. */
struct grub_function {
    const char *name;
    const char *path; /* of the configuration file */
    struct grub_list *body;
    unsigned executing; /* it cannot be redefined meanwhile */
    struct grub_function *next;
};
struct grub_function *grub_function_find(struct grub_function *functions, const char *name);

/* The next unit. *list is NULL for an empty one and for one with a syntax error, of which *bad_line
 * then names the line, else 0: GRUB prints a message and goes on with the next line. *at_end, and
 * the result true, when there is no line left. */
bool grub_parse_unit(struct grub_source *source, struct arena *arena,
                     struct grub_function **functions, struct grub_list **list, unsigned *bad_line,
                     bool *at_end, struct error *err);

#endif
