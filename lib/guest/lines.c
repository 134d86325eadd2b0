/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/lines.h"

#include <stdio.h>
#include <string.h>

struct lines *lines_new(struct error *err)
{
    struct lines *lines = calloc(1, sizeof(*lines));

    if (lines == NULL)
        error_no_memory(err);
    return lines;
}

void lines_clear(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
    lines->items = NULL;
    lines->count = 0;
}

void lines_free(struct lines *lines)
{
    if (lines == NULL)
        return;
    lines_clear(lines);
    free(lines);
}

static bool lines_append(struct lines *lines, char *item, struct error *err)
{
    char **items = reallocarray(lines->items, lines->count + 1, sizeof(*items));

    if (items == NULL) {
        free(item);
        return error_no_memory(err);
    }
    items[lines->count++] = item;
    lines->items = items;
    return true;
}

bool lines_add(struct lines *lines, struct error *err, const char *format, ...)
{
    char *item = NULL;
    va_list args;

    va_start(args, format);
    int length = vasprintf(&item, format, args);
    va_end(args);
    if (length < 0)
        return error_no_memory(err);
    return lines_append(lines, item, err);
}

bool lines_contain(const struct lines *lines, const char *line)
{
    for (size_t i = 0; i < lines->count; i++) {
        if (strcmp(lines->items[i], line) == 0)
            return true;
    }
    return false;
}

bool lines_add_once(struct lines *lines, const char *line, struct error *err)
{
    return lines_contain(lines, line) || lines_add(lines, err, "%s", line);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void lines_sort(struct lines *lines, size_t from)
{
    if (lines->count > from)
        qsort(lines->items + from, lines->count - from, sizeof(*lines->items), by_name);
}

char *lines_join(const struct lines *lines, const char *separator, struct error *err)
{
    OWNED_TEXT text = {0};

    for (size_t i = 0; i < lines->count; i++)
        text_add(&text, "%s%s", i == 0 ? "" : separator, lines->items[i]);
    return text_take(&text, err);
}

void text_add_bytes(struct text *text, const void *data, size_t size)
{
    if (text->failed)
        return;
    char *grown = realloc(text->data, text->size + size + 1);
    if (grown == NULL) {
        text->failed = true;
        return;
    }
    memcpy(grown + text->size, data, size);
    text->size += size;
    grown[text->size] = '\0';
    text->data = grown;
}

void text_add(struct text *text, const char *format, ...)
{
    OWNED_PTR(char) piece = NULL;
    va_list args;

    va_start(args, format);
    int length = vasprintf(&piece, format, args);
    va_end(args);
    if (length < 0) {
        piece = NULL;
        text->failed = true;
        return;
    }
    text_add_bytes(text, piece, (size_t)length);
}

char *text_take(struct text *text, struct error *err)
{
    text_add_bytes(text, "", 0);
    if (text->failed) {
        text_clear(text);
        error_no_memory(err);
        return NULL;
    }
    text->size = 0;
    return TAKE(text->data);
}

void text_clear(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

bool text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *text_next_line(const char *line)
{
    const char *end = strchrnul(line, '\n');

    return *end == '\n' ? end + 1 : end;
}
