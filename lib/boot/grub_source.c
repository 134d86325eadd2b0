/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/grub_syntax.h"

struct grub_source grub_source_file(const char *path, const void *text, size_t size)
{
    return (struct grub_source){.text = text, .size = size, .path = path};
}

static unsigned number_of(const struct grub_source *source, unsigned line)
{
    if (source->numbers == NULL)
        return line;
    /* The line that `setparams` stands on is made up: it counts as the entry's first. */
    size_t index = line < 2 ? 0 : line - 2;
    return index < source->number_count ? source->numbers[index] : 0;
}

/* lib/getline.c: carriage returns are skipped. As GRUB's strings end at a NUL, so does the line. */
static bool copy_line(struct grub_source *source, struct arena *arena, const char *start,
                      size_t length, struct grub_line *line, struct error *err)
{
    char *copy = arena_take(arena, length + 2, err);
    size_t used = 0;

    if (copy == NULL)
        return false;
    for (size_t i = 0; i < length && start[i] != '\0'; i++) {
        if (start[i] != '\r' || source->numbers != NULL)
            copy[used++] = start[i];
    }
    copy[used++] = '\n';
    copy[used] = '\0';
    *line = (struct grub_line){copy, used, number_of(source, source->line)};
    return true;
}

/* A body's text has one line more than it has newlines (script/execute.c,
 * grub_script_execute_sourcecode_getline()); a file's last newline ends its last line. */
static bool at_end(const struct grub_source *source)
{
    return source->numbers == NULL ? source->position >= source->size
                                   : source->position > source->size;
}

bool grub_source_next(struct grub_source *source, struct arena *arena, struct grub_line *line,
                      bool *failed, struct error *err)
{
    while (!at_end(source)) {
        const char *start = source->text + source->position;
        size_t left = source->size - source->position;
        const char *end = left == 0 ? NULL : memchr(start, '\n', left);
        size_t length = end == NULL ? left : (size_t)(end - start);

        source->position += length + 1;
        source->line++;
        *failed = !copy_line(source, arena, start, length, line, err);
        if (*failed || source->numbers != NULL || line->text[0] != '#')
            return !*failed;
    }
    return false;
}
