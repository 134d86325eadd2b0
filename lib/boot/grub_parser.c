/* SPDX-License-Identifier: Apache-2.0 */
/* grub-core/script/parser.y of GRUB 2.06, by recursive descent. A token is looked at only where
 * bison would need it: whether another line is read hangs on what is open at that moment. */
#include <string.h>

#include "boot/grub_lexer.h"

struct parser {
    struct grub_lexer lexer;
    struct grub_function **functions;
    struct grub_token ahead;
    bool has_ahead;
    unsigned depth;
    bool refused; /* a syntax error at bad_line */
    unsigned bad_line;
    bool failed;
    struct error *err;
};

static enum grub_token_kind peek(struct parser *parser)
{
    if (!parser->has_ahead && !parser->failed) {
        parser->failed = !grub_lexer_next(&parser->lexer, &parser->ahead, parser->err);
        parser->has_ahead = true;
    }
    return parser->failed || parser->refused ? GRUB_TOKEN_BAD : parser->ahead.kind;
}

static struct grub_token take(struct parser *parser)
{
    peek(parser);
    parser->has_ahead = false;
    return parser->ahead;
}

static bool refuse(struct parser *parser)
{
    if (!parser->refused && !parser->failed) {
        parser->refused = true;
        parser->bad_line = parser->has_ahead ? parser->ahead.line : parser->lexer.line;
    }
    return false;
}

static bool accept(struct parser *parser, enum grub_token_kind kind)
{
    if (peek(parser) != kind)
        return false;
    take(parser);
    return true;
}

static bool expect(struct parser *parser, enum grub_token_kind kind)
{
    return accept(parser, kind) || refuse(parser);
}

static void skip_newlines(struct parser *parser)
{
    while (accept(parser, GRUB_TOKEN_NEWLINE))
        ;
}

/* delimiters1: one ';' or newline, then newlines. */
static bool skip_delimiters(struct parser *parser)
{
    if (!accept(parser, GRUB_TOKEN_SEMICOLON) && !accept(parser, GRUB_TOKEN_NEWLINE))
        return false;
    skip_newlines(parser);
    return true;
}

static void *new_object(struct parser *parser, size_t size)
{
    void *object = parser->failed ? NULL : arena_take(parser->lexer.arena, size, parser->err);

    parser->failed = object == NULL;
    return object;
}

static bool add_word(struct parser *parser, struct grub_word ***last, const struct grub_part *parts)
{
    struct grub_word *word = new_object(parser, sizeof(*word));

    if (word == NULL)
        return false;
    word->parts = parts;
    **last = word;
    *last = &word->next;
    return true;
}

/* A reserved word is an ordinary one where an argument may stand. */
static bool is_argument(enum grub_token_kind kind)
{
    return kind >= GRUB_TOKEN_WORD && kind < GRUB_TOKEN_BAD;
}

static bool parse_arguments(struct parser *parser, struct grub_word ***last)
{
    while (is_argument(peek(parser))) {
        if (!add_word(parser, last, take(parser).parts))
            return false;
    }
    return !parser->failed;
}

static struct grub_list *parse_commands(struct parser *parser, bool *delimited);

/* block: '{' has been taken. */
static bool parse_block(struct parser *parser, struct grub_word ***last)
{
    bool delimited;

    parser->lexer.open++;
    struct grub_mark mark = grub_lexer_record(&parser->lexer);
    if (parse_commands(parser, &delimited) == NULL || !expect(parser, GRUB_TOKEN_CLOSE))
        return false;
    struct grub_block *block = new_object(parser, sizeof(*block));
    struct grub_part *part = new_object(parser, sizeof(*part));
    if (block == NULL || part == NULL)
        return false;
    parser->failed = !grub_lexer_recorded(&parser->lexer, mark, block, parser->err);
    parser->lexer.open--;
    *part = (struct grub_part){.kind = GRUB_PART_BLOCK, .text = block->text, .block = block};
    return !parser->failed && add_word(parser, last, part);
}

static bool parse_command(struct parser *parser, struct grub_node *node)
{
    struct grub_word **last = &node->words;

    node->kind = GRUB_NODE_COMMAND;
    if (!add_word(parser, &last, take(parser).parts) || !parse_arguments(parser, &last))
        return false;
    return !accept(parser, GRUB_TOKEN_OPEN) || parse_block(parser, &last);
}

/* Commands, then a delimiter and a reserved word. */
static bool parse_until(struct parser *parser, struct grub_list **list, enum grub_token_kind end)
{
    bool delimited;

    *list = parse_commands(parser, &delimited);
    return *list != NULL && (delimited || refuse(parser)) && expect(parser, end);
}

static struct grub_node *new_node(struct parser *parser)
{
    struct grub_node *node = new_object(parser, sizeof(*node));

    if (node != NULL) {
        peek(parser);
        node->line = parser->ahead.line;
    }
    return node;
}

/* ifclause, behind `if` or `elif` */
static bool parse_if_clause(struct parser *parser, struct grub_node *node)
{
    bool delimited;

    node->kind = GRUB_NODE_IF;
    if (!parse_until(parser, &node->condition, GRUB_TOKEN_THEN))
        return false;
    node->body = parse_commands(parser, &delimited);
    if (node->body == NULL || !delimited)
        return refuse(parser);
    if (accept(parser, GRUB_TOKEN_ELSE)) {
        node->otherwise = parse_commands(parser, &delimited);
        return node->otherwise != NULL && (delimited || refuse(parser));
    }
    if (!accept(parser, GRUB_TOKEN_ELIF))
        return true;
    if (parser->depth++ == GRUB_PARSE_DEPTH_LIMIT)
        return parser->failed = true,
               error_set(parser->err, COLDSEAL_UNSUPPORTED, "constructs nested too deep");
    node->otherwise_if = new_node(parser);
    bool parsed = node->otherwise_if != NULL && parse_if_clause(parser, node->otherwise_if);
    parser->depth--;
    return parsed;
}

static bool parse_if(struct parser *parser, struct grub_node *node)
{
    take(parser);
    parser->lexer.open++;
    if (!parse_if_clause(parser, node) || !expect(parser, GRUB_TOKEN_FI))
        return false;
    parser->lexer.open--;
    return true;
}

static bool parse_for(struct parser *parser, struct grub_node *node)
{
    struct grub_word **last = &node->words;

    node->kind = GRUB_NODE_FOR;
    take(parser);
    if (peek(parser) != GRUB_TOKEN_NAME)
        return refuse(parser);
    node->name = take(parser).parts->text;
    parser->lexer.open++;
    if (!expect(parser, GRUB_TOKEN_IN) || !parse_arguments(parser, &last) ||
        !(skip_delimiters(parser) || refuse(parser)) || !expect(parser, GRUB_TOKEN_DO) ||
        !parse_until(parser, &node->body, GRUB_TOKEN_DONE))
        return false;
    parser->lexer.open--;
    return true;
}

static bool parse_while(struct parser *parser, struct grub_node *node)
{
    node->kind = GRUB_NODE_WHILE;
    node->is_until = take(parser).kind == GRUB_TOKEN_UNTIL;
    parser->lexer.open++;
    if (!parse_until(parser, &node->condition, GRUB_TOKEN_DO) ||
        !parse_until(parser, &node->body, GRUB_TOKEN_DONE))
        return false;
    parser->lexer.open--;
    return true;
}

static bool starts_command(enum grub_token_kind kind)
{
    return kind == GRUB_TOKEN_WORD || kind == GRUB_TOKEN_NAME || kind == GRUB_TOKEN_IF ||
           kind == GRUB_TOKEN_FOR || kind == GRUB_TOKEN_WHILE || kind == GRUB_TOKEN_UNTIL;
}

static bool parse_node(struct parser *parser, struct grub_node *node)
{
    switch (peek(parser)) {
    case GRUB_TOKEN_IF:
        return parse_if(parser, node);
    case GRUB_TOKEN_FOR:
        return parse_for(parser, node);
    case GRUB_TOKEN_WHILE:
    case GRUB_TOKEN_UNTIL:
        return parse_while(parser, node);
    default:
        return starts_command(peek(parser)) ? parse_command(parser, node) : refuse(parser);
    }
}

static struct grub_node *parse_nested(struct parser *parser)
{
    if (parser->depth == GRUB_PARSE_DEPTH_LIMIT) {
        parser->failed = true;
        error_set(parser->err, COLDSEAL_UNSUPPORTED, "constructs nested too deep");
        return NULL;
    }
    struct grub_node *node = new_node(parser);
    parser->depth++;
    bool parsed = node != NULL && parse_node(parser, node);
    parser->depth--;
    return parsed ? node : NULL;
}

/* commands1, and whether delimiters1 follows. */
static struct grub_list *parse_commands(struct parser *parser, bool *delimited)
{
    struct grub_list *list = new_object(parser, sizeof(*list));
    struct grub_node **last = list == NULL ? NULL : &list->first;

    if (list == NULL)
        return NULL;
    skip_newlines(parser);
    do {
        *last = parse_nested(parser);
        if (*last == NULL)
            return NULL;
        last = &(*last)->next;
        *delimited = skip_delimiters(parser);
    } while (*delimited && starts_command(peek(parser)));
    return list;
}

struct grub_function *grub_function_find(struct grub_function *functions, const char *name)
{
    while (functions != NULL && strcmp(functions->name, name) != 0)
        functions = functions->next;
    return functions;
}

/* script/function.c, grub_script_function_create() */
static bool define_function(struct parser *parser, const char *name, struct grub_list *body)
{
    struct grub_function *function = grub_function_find(*parser->functions, name);

    if (function == NULL) {
        function = new_object(parser, sizeof(*function));
        if (function == NULL)
            return false;
        function->name = name;
        function->next = *parser->functions;
        *parser->functions = function;
    }
    if (function->executing > 0)
        return true;
    function->body = body;
    function->path = parser->lexer.source->path;
    return true;
}

static bool parse_function(struct parser *parser)
{
    struct grub_list *body;

    take(parser);
    if (peek(parser) != GRUB_TOKEN_NAME)
        return refuse(parser);
    const char *name = take(parser).parts->text;
    parser->lexer.open++;
    skip_newlines(parser);
    if (!expect(parser, GRUB_TOKEN_OPEN) || !parse_until(parser, &body, GRUB_TOKEN_CLOSE) ||
        !define_function(parser, name, body))
        return false;
    parser->lexer.open--;
    return true;
}

static bool parse_statement(struct parser *parser, struct grub_node ***last)
{
    if (peek(parser) == GRUB_TOKEN_FUNCTION)
        return parse_function(parser);
    **last = parse_nested(parser);
    if (**last == NULL)
        return false;
    *last = &(**last)->next;
    return true;
}

/* script: statements, each with a delimiter behind it */
static bool parse_script(struct parser *parser, struct grub_list *list)
{
    struct grub_node **last = &list->first;

    skip_newlines(parser);
    while (peek(parser) != GRUB_TOKEN_END) {
        if (!parse_statement(parser, &last) || !(skip_delimiters(parser) || refuse(parser)))
            return false;
    }
    return true;
}

bool grub_parse_unit(struct grub_source *source, struct arena *arena,
                     struct grub_function **functions, struct grub_list **list, unsigned *bad_line,
                     bool *at_end, struct error *err)
{
    struct parser parser = {.functions = functions, .err = err};
    bool started;

    *list = NULL;
    *bad_line = 0;
    if (!grub_lexer_start(&parser.lexer, source, arena, &started, err))
        return false;
    *at_end = !started;
    if (!started)
        return true;
    struct grub_list *parsed = new_object(&parser, sizeof(*parsed));
    bool complete = parsed != NULL && parse_script(&parser, parsed);
    if (parser.failed)
        return error_wrap(err, "%s, line %u", source->path, parser.lexer.line);
    if (complete && parsed->first != NULL)
        *list = parsed;
    *bad_line = complete ? 0 : parser.bad_line;
    return true;
}
