/* SPDX-License-Identifier: Apache-2.0 */
/* commands/wildcard.c of GRUB 2.06: '*' and '?' in paths. A path is taken folder by folder. */
#include <string.h>

#include "boot/grub_run.h"

#define MATCH_LIMIT 1024

struct names {
    struct grub_run *run;
    const char *pattern; /* one folder's part of the path, with escapes */
    size_t pattern_length;
    const char *folder;
    size_t count;
    char **names;
};

static bool add(struct names *names, char *name)
{
    if (names->count == MATCH_LIMIT || name == NULL)
        return false;
    names->names[names->count++] = name;
    return true;
}

/* With one place to go back to, as there is no need for more with '*'. */
static bool matches(const char *pattern, size_t length, const char *name)
{
    const char *end = pattern + length;
    const char *star = NULL;
    const char *retry = NULL;

    while (*name != '\0' || pattern < end) {
        bool escaped = pattern + 1 < end && *pattern == '\\';
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            retry = name;
        } else if (*name != '\0' && pattern < end &&
                   (*pattern == '?' || pattern[escaped] == *name)) {
            pattern += 1 + escaped;
            name++;
        } else if (star != NULL && *retry != '\0') {
            pattern = star;
            name = ++retry;
        } else {
            return false;
        }
    }
    return true;
}

static bool match(void *context, const char *name)
{
    struct names *names = context;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        !matches(names->pattern, names->pattern_length, name))
        return true;
    return add(names, grub_run_format(names->run, "%s%s", names->folder, name));
}

/* Names in `folder`, "(hd0,gpt16)/grub/", that match. */
static void list_folder(struct names *names, const char *folder)
{
    struct grub_run *run = names->run;
    const char *path = folder[0] == '(' ? strchr(folder, ')') + 1 : folder;
    const char *device = grub_env_get(run, "root");
    size_t volume;

    if (folder[0] == '(')
        device = grub_run_format(run, "%.*s", (int)(path - folder) - 2, folder + 1);
    if (device == NULL || grub_stat(run, folder, NULL) != BOOT_FILE_DIRECTORY ||
        !grub_device_find(run, device, &volume))
        return;
    names->folder = folder;
    if (!boot_files_list(run->files, volume, path, match, names, run->err))
        run->failed = true;
}

static bool is_wild(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '*' || text[i] == '?')
            return true;
        if (text[i] == '\\')
            i++;
    }
    return false;
}

static char *join(struct grub_run *run, const char *before, const char *text, size_t length)
{
    char *joined = grub_run_format(run, "%s%.*s", before, (int)length, text);
    char *out = joined;

    for (const char *in = joined; in != NULL && *in != '\0'; in++) {
        if (*in == '\\' && in[1] != '\0')
            in++;
        *out++ = *in;
    }
    if (out != NULL)
        *out = '\0';
    return joined;
}

/* The next part of the pattern, with the slash before it. */
static bool extend(struct names *names, const char *part, size_t length)
{
    size_t slash = part[0] == '/';
    struct names found = {.run = names->run,
                          .pattern = part + slash,
                          .pattern_length = length - slash,
                          .names = grub_run_take(names->run, MATCH_LIMIT * sizeof(char *))};

    if (found.names == NULL)
        return false;
    for (size_t i = 0; i < names->count; i++) {
        bool wild = is_wild(part, length);
        char *name = join(names->run, names->names[i], part, wild ? slash : length);
        if (name == NULL)
            return false;
        if (wild)
            list_folder(&found, name);
        else
            add(&found, name);
    }
    *names = found;
    return !names->run->failed;
}

bool grub_glob(struct grub_run *run, const char *pattern, size_t *count, char ***list)
{
    const char *device_end = pattern[0] == '(' ? strchr(pattern, ')') : NULL;
    size_t device = device_end == NULL ? 0 : (size_t)(device_end - pattern) + 1;
    bool wild = false;
    struct names names = {.run = run, .names = grub_run_take(run, sizeof(char *))};

    if (pattern[0] == '*' || is_wild(pattern, device)) {
        grub_run_note(run, "a pattern stands for names of devices; it is left as it is here");
        return !run->failed;
    }
    if (names.names == NULL || !add(&names, join(run, "", pattern, device)))
        return false;
    for (const char *part = pattern + device; *part != '\0' && !run->failed;) {
        size_t length = 1 + strcspn(part + 1, "/");
        wild = wild || is_wild(part, length);
        if (!extend(&names, part, length))
            return false;
        part += length;
    }
    /* Behind a pattern, what is not there is left out (check_file()). */
    *list = names.names;
    *count = 0;
    for (size_t i = 0; i < names.count; i++) {
        if (grub_stat(run, names.names[i], NULL) != BOOT_FILE_NONE)
            names.names[(*count)++] = names.names[i];
    }
    if (*count > 1)
        grub_run_note(run, "the order of the names that a pattern stands for is the file system's");
    return !run->failed;
}
