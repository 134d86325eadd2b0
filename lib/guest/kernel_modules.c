/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kernel_modules.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "guest/module_index.h"
#include "guest/module_words.h"

#define LIST_LIMIT_BYTES ((size_t)16 << 20)
#define DEPTH_LIMIT 16
#define ADDED_LIMIT 1000
#define LOOKUP_LIMIT 4000 /* each reads the lists once */

enum list { LIST_DEP, LIST_ALIAS, LIST_SYMBOLS, LIST_SOFTDEP, LIST_DEVNAME, LIST_WEAKDEP, LISTS };

/* The word of a line that is the module's name: "alias PATTERN MODULE". */
static const struct {
    const char *file;
    unsigned module_word;
} lists[LISTS] = {
    [LIST_DEP] = {"modules.dep", 0},         [LIST_ALIAS] = {"modules.alias", 2},
    [LIST_SYMBOLS] = {"modules.symbols", 2}, [LIST_SOFTDEP] = {"modules.softdep", 1},
    [LIST_DEVNAME] = {"modules.devname", 0}, [LIST_WEAKDEP] = {"modules.weakdep", 1},
};

struct kernel_modules {
    char *text[LISTS];
};

void kernel_modules_free(struct kernel_modules *modules)
{
    if (modules == NULL)
        return;
    for (size_t i = 0; i < LISTS; i++)
        free(modules->text[i]);
    free(modules);
}

struct kernel_modules *kernel_modules_read(struct guest_root *guest, const char *release,
                                           struct error *err)
{
    OWNED(kernel_modules) modules = calloc(1, sizeof(*modules));
    char path[256];

    if (modules == NULL)
        return error_no_memory(err), NULL;
    for (size_t i = 0; i < LISTS; i++) {
        snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, lists[i].file);
        modules->text[i] = guest_read_text(guest, path, LIST_LIMIT_BYTES, err);
        if (modules->text[i] == NULL)
            return NULL;
    }
    return TAKE(modules);
}

/* The line of modules.dep of a module. */
static bool find_dep(const struct kernel_modules *modules, const char *name, struct word_line *line)
{
    for (const char *at = modules->text[LIST_DEP]; word_line_read(&at, line);) {
        if (line->count > 0 && word_is_module(line->words[0], name))
            return true;
    }
    return false;
}

bool kernel_modules_have(const struct kernel_modules *modules, const char *path)
{
    size_t length = strlen(path);

    for (const char *line = modules->text[LIST_DEP]; *line != '\0'; line = text_next_line(line)) {
        if (strncmp(line, path, length) == 0 && line[length] == ':')
            return true;
    }
    return false;
}

struct adding {
    const struct kernel_modules *modules;
    struct lines *paths;
    unsigned lookups_left;
};

static bool add(struct adding *adding, const char *name, int depth_left, struct error *err);

/* "softdep MODULE pre: A B post: C" */
static bool add_soft(struct adding *adding, const char *name, int depth_left, struct error *err)
{
    struct word_line line;

    for (const char *at = adding->modules->text[LIST_SOFTDEP]; word_line_read(&at, &line);) {
        if (line.count < 3 || !word_is_name(line.words[1], name))
            continue;
        for (size_t i = 2; i < line.count; i++) {
            char other[MODULE_NAME_BYTES];
            if (word_name(line.words[i], other) && !add(adding, other, depth_left, err))
                return false;
        }
    }
    return true;
}

/* A module by its own name; *is_known is false where there is none. */
static bool add_module(struct adding *adding, const char *name, int depth_left, bool *is_known,
                       struct error *err)
{
    struct word_line line;
    char path[MODULE_PATH_BYTES], other[MODULE_NAME_BYTES];

    if (depth_left == 0 || adding->paths->count == ADDED_LIMIT || adding->lookups_left == 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "kernel module %s needs too many others", name);
    adding->lookups_left--;
    *is_known = find_dep(adding->modules, name, &line);
    if (!*is_known || !word_path(line.words[0], path) || lines_contain(adding->paths, path))
        return true;
    if (!lines_add(adding->paths, err, "%s", path))
        return false;
    for (size_t i = 1; i < line.count; i++) {
        if (word_module(line.words[i], other) && !add(adding, other, depth_left - 1, err))
            return false;
    }
    return add_soft(adding, name, depth_left - 1, err);
}

/* An alias stands for modules, not for another alias (kmod, kmod_module_new_from_lookup()). */
static bool add_aliased(struct adding *adding, const char *name, int depth_left, struct error *err)
{
    struct word_line line;
    char pattern[MODULE_NAME_BYTES], target[MODULE_NAME_BYTES];
    bool is_known;

    for (const char *at = adding->modules->text[LIST_ALIAS]; word_line_read(&at, &line);) {
        if (line.count == 3 && word_name(line.words[1], pattern) &&
            word_name(line.words[2], target) && fnmatch(pattern, name, 0) == 0 &&
            !add_module(adding, target, depth_left, &is_known, err))
            return false;
    }
    return true;
}

static bool add(struct adding *adding, const char *name, int depth_left, struct error *err)
{
    bool is_known;

    return add_module(adding, name, depth_left, &is_known, err) &&
           (is_known || add_aliased(adding, name, depth_left - 1, err));
}

bool kernel_modules_add(const struct kernel_modules *modules, const char *name, struct lines *paths,
                        struct error *err)
{
    struct adding adding = {modules, paths, LOOKUP_LIMIT};

    return add(&adding, name, DEPTH_LIMIT, err);
}

/* Modules that are there, in depmod's order, which is their priority in the indexes. */
static bool list_names(const struct kernel_modules *modules, const struct lines *paths,
                       struct lines *names, struct error *err)
{
    struct word_line line;
    char path[MODULE_PATH_BYTES], name[MODULE_NAME_BYTES];

    for (const char *at = modules->text[LIST_DEP]; word_line_read(&at, &line);) {
        if (line.count > 0 && word_path(line.words[0], path) && lines_contain(paths, path) &&
            word_module(line.words[0], name) && !lines_add(names, err, "%s", name))
            return false;
    }
    return true;
}

static bool find_priority(const struct lines *names, const char *name, uint32_t *priority)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0)
            return *priority = (uint32_t)i, true;
    }
    return false;
}

/* A line of an index: modules.dep's by the module's name, whole; the others' by their second word.
 */
static bool index_line(struct module_index *index, enum list list, const struct word_line *line,
                       const char *name, uint32_t priority, struct error *err)
{
    char key[MODULE_PATH_BYTES];

    if (list == LIST_DEP) {
        OWNED_PTR(char) whole = strndup(line->start, line->length);
        return whole == NULL ? error_no_memory(err)
                             : module_index_add(index, name, whole, priority, err);
    }
    if (!word_path(line->words[1], key))
        return true;
    if (list == LIST_ALIAS)
        word_normalize(key);
    return module_index_add(index, key, name, priority, err);
}

struct listing {
    struct text *text;          /* one of the two */
    struct module_index *index; /* … */
};

static bool list_line(const struct listing *listing, enum list list, const struct word_line *line,
                      const struct lines *names, struct error *err)
{
    char name[MODULE_NAME_BYTES];
    uint32_t priority = 0;
    unsigned word = lists[list].module_word;

    if (line->length > 0 && line->start[0] == '#') {
        if (listing->text != NULL)
            text_add(listing->text, "%.*s\n", (int)line->length, line->start);
        return true;
    }
    if (line->count <= word || !word_module(line->words[word], name) ||
        !find_priority(names, name, &priority))
        return true;
    if (listing->text != NULL)
        return text_add(listing->text, "%.*s\n", (int)line->length, line->start), true;
    return index_line(listing->index, list, line, name, priority, err);
}

static bool list_all(const struct kernel_modules *modules, const struct lines *paths,
                     const struct listing *listing, enum list list, struct error *err)
{
    struct word_line line;
    OWNED(lines) names = lines_new(err);

    if (names == NULL || !list_names(modules, paths, names, err))
        return false;
    for (const char *at = modules->text[list]; word_line_read(&at, &line);) {
        if (!list_line(listing, list, &line, names, err))
            return false;
    }
    return true;
}

static struct bytes *write_text(const struct kernel_modules *modules, const struct lines *paths,
                                enum list list, struct error *err)
{
    OWNED_TEXT text = {0};
    const struct listing listing = {.text = &text};

    if (!list_all(modules, paths, &listing, list, err))
        return NULL;
    size_t size = text.size;
    OWNED_PTR(char) whole = text_take(&text, err);
    return whole == NULL ? NULL : bytes_copy(whole, size, err);
}

static struct bytes *write_index(const struct kernel_modules *modules, const struct lines *paths,
                                 enum list list, struct error *err)
{
    OWNED(module_index) index = module_index_new(err);
    const struct listing listing = {.index = index};

    return index != NULL && list_all(modules, paths, &listing, list, err)
               ? module_index_write(index, err)
               : NULL;
}

struct bytes *kernel_modules_list(const struct kernel_modules *modules, const struct lines *paths,
                                  const char *file, bool *is_known, struct error *err)
{
    for (size_t i = 0; i < LISTS; i++) {
        size_t length = strlen(lists[i].file);
        if (strncmp(file, lists[i].file, length) != 0)
            continue;
        *is_known = true;
        if (file[length] == '\0')
            return write_text(modules, paths, (enum list)i, err);
        if (strcmp(file + length, ".bin") == 0 && i <= LIST_SYMBOLS)
            return write_index(modules, paths, (enum list)i, err);
    }
    *is_known = false;
    return NULL;
}
