/* SPDX-License-Identifier: Apache-2.0 */
/* Words of depmod's lists. Private to kernel_modules.c and its neighbours. */
#ifndef GUEST_MODULE_WORDS_H
#define GUEST_MODULE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define MODULE_NAME_BYTES 512
#define MODULE_PATH_BYTES 1024
#define WORD_LINE_LIMIT 256

/* A line's words lie in the text. */
struct word {
    const char *at;
    size_t length;
};
struct word_line {
    const char *start;
    size_t length;
    size_t count; /* what is beyond the limit is left out */
    struct word words[WORD_LINE_LIMIT];
};

/* The next line; false at the end. */
bool word_line_read(const char **at, struct word_line *line);

/* A file's path, without the colon behind it. False where it does not fit. */
bool word_path(struct word word, char path[MODULE_PATH_BYTES]);
/* A name or alias with '_' for '-'; false for "pre:" and "post:". */
bool word_name(struct word word, char name[MODULE_NAME_BYTES]);
bool word_is_name(struct word word, const char *name);
/* The module's name of a file's path, or of a name. */
bool word_module(struct word word, char name[MODULE_NAME_BYTES]);
bool word_is_module(struct word word, const char *name);
/* '_' for '-' but within brackets (kmod, alias_normalize()). */
void word_normalize(char *text);

#endif
