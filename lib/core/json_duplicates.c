/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json_duplicates.h"

#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/own.h"

/* One set of names for each object that is open; NULL for an array. */
struct walk {
    const char *text;
    size_t size;
    size_t position;
    int depth;
    struct lh_table *names[JSON_DEPTH + 1];
};

static void free_name(struct lh_entry *entry)
{
    free(lh_entry_k(entry));
}

static void walk_cleanup(struct walk *walk)
{
    for (int i = 0; i <= JSON_DEPTH; i++) {
        if (walk->names[i] != NULL)
            lh_table_free(walk->names[i]);
    }
}

static void walk_pop(struct walk *walk)
{
    if (walk->depth == 0)
        return;
    if (walk->names[walk->depth] != NULL)
        lh_table_free(TAKE(walk->names[walk->depth]));
    walk->depth--;
}

static bool walk_push(struct walk *walk, bool object, struct error *err)
{
    if (walk->depth == JSON_DEPTH)
        return error_set(err, COLDSEAL_BAD_IMAGE, "JSON is nested deeper than %d", JSON_DEPTH);
    walk->depth++;
    if (!object)
        return true;
    walk->names[walk->depth] = lh_kchar_table_new(16, free_name);
    return walk->names[walk->depth] != NULL || error_no_memory(err);
}

/* Position is behind the opening quote; ends behind the closing one. RFC 8259, section 7: control
 * characters are escaped. */
static bool walk_string(struct walk *walk, size_t *length, bool *escaped)
{
    size_t start = walk->position;

    *escaped = false;
    for (; walk->position < walk->size; walk->position++) {
        char c = walk->text[walk->position];
        if (c == '"') {
            *length = walk->position++ - start;
            return true;
        }
        if ((unsigned char)c < 0x20)
            return false;
        if (c == '\\') {
            *escaped = true;
            walk->position++;
        }
    }
    return false;
}

static bool next_is_colon(const struct walk *walk)
{
    size_t at = walk->position;

    while (at < walk->size && strchr(" \t\r\n", walk->text[at]) != NULL)
        at++;
    return at < walk->size && walk->text[at] == ':';
}

static bool walk_name(struct walk *walk, size_t start, size_t length, bool escaped,
                      struct error *err)
{
    struct lh_table *names = walk->names[walk->depth];

    if (names == NULL)
        return true; /* a colon outside an object: the parser says so */
    if (escaped)
        return error_set(err, COLDSEAL_BAD_IMAGE, "JSON has an escape in the name of a member");
    OWNED_PTR(char) name = strndup(walk->text + start, length);
    if (name == NULL)
        return error_no_memory(err);
    if (lh_table_lookup_ex(names, name, NULL))
        return error_set(err, COLDSEAL_BAD_IMAGE, "JSON has two members \"%.40s\"", name);
    if (lh_table_insert(names, name, NULL) != 0)
        return error_no_memory(err);
    name = NULL; /* the table's now */
    return true;
}

/* What may stand outside a string (RFC 8259, section 2): not NaN, not Infinity, no comment, and no
 * other quote, behind which this walk and the parser would disagree on what is a string. */
static bool is_json_text(char c)
{
    return c != '\0' && strchr(" \t\r\n:,+-.0123456789eEtrufalsn", c) != NULL;
}

static bool walk_step(struct walk *walk, struct error *err)
{
    char c = walk->text[walk->position++];
    size_t start = walk->position;
    size_t length;
    bool escaped;

    if (c == '{' || c == '[')
        return walk_push(walk, c == '{', err);
    if (c == '}' || c == ']') {
        walk_pop(walk);
        return true;
    }
    if (c != '"')
        return is_json_text(c) ||
               error_set(err, COLDSEAL_BAD_IMAGE, "JSON with a stray 0x%02x", (unsigned char)c);
    if (!walk_string(walk, &length, &escaped))
        return error_set(err, COLDSEAL_BAD_IMAGE, "JSON has a string without an end");
    return !next_is_colon(walk) || walk_name(walk, start, length, escaped, err);
}

bool json_check_duplicates(const char *text, size_t size, struct error *err)
{
    __attribute__((cleanup(walk_cleanup))) struct walk walk = {.text = text, .size = size};

    while (walk.position < walk.size) {
        if (!walk_step(&walk, err))
            return false;
    }
    return true;
}
