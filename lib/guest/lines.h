/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of short lines, and text that grows: what the guest's files are rewritten with. */
#ifndef GUEST_LINES_H
#define GUEST_LINES_H

#include <stdarg.h>
#include <stddef.h>

#include "guest/guest.h"

void lines_free(struct lines *lines);
/* Frees the items and leaves an empty list, for a list that is part of a structure. */
void lines_clear(struct lines *lines);
struct lines *lines_new(struct error *err);
DEFINE_OWNED(lines);

bool lines_add(struct lines *lines, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool lines_contain(const struct lines *lines, const char *line);
/* Adds unless it is there. */
bool lines_add_once(struct lines *lines, const char *line, struct error *err);
/* Puts the items from number `from` on in order. */
void lines_sort(struct lines *lines, size_t from);
/* The items with `separator` between them; freed with free(3). */
char *lines_join(const struct lines *lines, const char *separator, struct error *err);

/* A growing text. A failed append is remembered; text_take() says so once, at the end. */
struct text {
    char *data;
    size_t size; /* without the final NUL */
    bool failed;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const void *data, size_t size);
/* NUL-terminated, freed with free(3); `text` is empty again. NULL and err when memory was out. */
char *text_take(struct text *text, struct error *err);
void text_clear(struct text *text);

bool text_starts_with(const char *text, const char *prefix);
/* Where the line after this one begins. */
const char *text_next_line(const char *line);

#define OWNED_TEXT __attribute__((cleanup(text_clear))) struct text

#endif
