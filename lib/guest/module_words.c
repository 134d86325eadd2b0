/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/module_words.h"

#include <string.h>

bool word_line_read(const char **at, struct word_line *line)
{
    const char *start = *at;

    if (*start == '\0')
        return false;
    line->start = start;
    line->length = strcspn(start, "\n");
    line->count = 0;
    for (const char *p = start; p < start + line->length && line->count < WORD_LINE_LIMIT;) {
        p += strspn(p, " \t");
        size_t length = strcspn(p, " \t\n");
        if (length > 0)
            line->words[line->count++] = (struct word){p, length};
        p += length;
    }
    *at = start + line->length + (start[line->length] == '\n' ? 1 : 0);
    return true;
}

static bool copy_word(struct word word, char *out, size_t size)
{
    if (word.length == 0 || word.length >= size)
        return false;
    memcpy(out, word.at, word.length);
    out[word.length] = '\0';
    return true;
}

static struct word without_colon(struct word word)
{
    if (word.length > 0 && word.at[word.length - 1] == ':')
        word.length--;
    return word;
}

bool word_path(struct word word, char path[MODULE_PATH_BYTES])
{
    return copy_word(without_colon(word), path, MODULE_PATH_BYTES);
}

void word_normalize(char *text)
{
    bool within = false;

    for (char *p = text; *p != '\0'; p++) {
        if (*p == '[' || *p == ']')
            within = *p == '[';
        else if (*p == '-' && !within)
            *p = '_';
    }
}

bool word_name(struct word word, char name[MODULE_NAME_BYTES])
{
    if (without_colon(word).length != word.length || !copy_word(word, name, MODULE_NAME_BYTES))
        return false;
    word_normalize(name);
    return true;
}

bool word_is_name(struct word word, const char *name)
{
    char own[MODULE_NAME_BYTES];

    return word_name(word, own) && strcmp(own, name) == 0;
}

bool word_module(struct word word, char name[MODULE_NAME_BYTES])
{
    struct word file = without_colon(word);
    const char *slash = memrchr(file.at, '/', file.length);

    if (slash != NULL) {
        file.length -= (size_t)(slash + 1 - file.at);
        file.at = slash + 1;
    }
    const char *dot = memchr(file.at, '.', file.length);
    if (dot != NULL)
        file.length = (size_t)(dot - file.at);
    if (!copy_word(file, name, MODULE_NAME_BYTES))
        return false;
    word_normalize(name);
    return true;
}

bool word_is_module(struct word word, const char *name)
{
    char own[MODULE_NAME_BYTES];

    return word_module(word, own) && strcmp(own, name) == 0;
}
