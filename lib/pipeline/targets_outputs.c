/* SPDX-License-Identifier: Apache-2.0 */
/* No two files that are to be written are one, however their names are written. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pipeline/targets.h"

/* The output, the recovery key, and what that is called at first. */
#define FILES_OF_LINE 3

/* A name in a folder, which need not exist. */
struct place {
    dev_t device;
    ino_t folder;
    const char *name;
    size_t line; /* 0: none of the targets file's */
};

static bool find_place(const char *path, size_t line, struct place *place, struct error *err)
{
    const char *slash = strrchr(path, '/');
    OWNED_PTR(char)
    folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    struct stat st;

    if (folder == NULL)
        return error_no_memory(err);
    if (stat(folder, &st) != 0)
        return error_errno(err, COLDSEAL_IO, "folder of %s", path);
    *place = (struct place){st.st_dev, st.st_ino, slash == NULL ? path : slash + 1, line};
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->folder != b->folder)
        return a->folder < b->folder ? -1 : 1;
    return strcmp(a->name, b->name);
}

static bool add_line(const struct target_line *line, struct place *places, size_t *count,
                     struct error *err)
{
    const char *paths[FILES_OF_LINE] = {line->out, line->recovery_key_out,
                                        line->recovery_key_partial};

    for (size_t i = 0; i < FILES_OF_LINE; i++) {
        if (paths[i] == NULL)
            continue;
        if (!find_place(paths[i], line->number, &places[*count], err))
            return error_wrap(err, "line %zu", line->number);
        (*count)++;
    }
    return true;
}

static bool same_twice(const struct place *a, const struct place *b, struct error *err)
{
    size_t first = a->line < b->line ? a->line : b->line;
    size_t second = a->line < b->line ? b->line : a->line;

    if (first == 0)
        return error_set(err, COLDSEAL_USAGE, "line %zu: %s is the image, which is never changed",
                         second, a->name);
    return error_set(err, COLDSEAL_USAGE, "line %zu: %s is written by line %zu already", second,
                     a->name, first);
}

bool targets_check_outputs(const struct targets *targets, const char *reserved, struct error *err)
{
    OWNED_PTR(struct place)
    places = calloc(FILES_OF_LINE * targets->count + 1, sizeof(*places));
    size_t count = 0;

    if (places == NULL)
        return error_no_memory(err);
    if (reserved != NULL && !find_place(reserved, 0, &places[count++], err))
        return false;
    for (size_t i = 0; i < targets->count; i++) {
        if (!add_line(&targets->lines[i], places, &count, err))
            return false;
    }
    qsort(places, count, sizeof(*places), compare);
    for (size_t i = 1; i < count; i++) {
        if (compare(&places[i - 1], &places[i]) == 0)
            return same_twice(&places[i - 1], &places[i], err);
    }
    return true;
}
