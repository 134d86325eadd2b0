/* SPDX-License-Identifier: Apache-2.0 */
/* Files below $prefix that GRUB opens by itself: modules (kern/dl.c), the lists of what modules
 * offer (normal/{dyncmd,autofs,term,crypto}.c) and catalogues of messages (gettext/gettext.c). */
#include <ctype.h>
#include <string.h>

#include "boot/grub_image.h"
#include "boot/grub_run.h"

#define MO_MAGIC UINT32_C(0x950412de)
#define LIST_LIMIT 8192
#define MODULE_DEPTH_LIMIT 32 /* GRUB's own need fewer than ten */

bool grub_module_is_loaded(const struct grub_run *run, const char *name)
{
    if (grub_build_has_module(run->build, name))
        return true;
    for (const struct grub_name *loaded = run->loaded_modules; loaded != NULL;
         loaded = loaded->next) {
        if (strcmp(loaded->name, name) == 0)
            return true;
    }
    return false;
}

static void push(struct grub_run *run, struct grub_name **list, const char *name,
                 const char *module)
{
    struct grub_name *entry = grub_run_take(run, sizeof(*entry));

    name = grub_run_copy(run, name);
    module = module == NULL ? NULL : grub_run_copy(run, module);
    if (run->failed)
        return;
    *entry = (struct grub_name){name, module, *list};
    *list = entry;
}

/* grub_dl_resolve_dependencies() */
static void load_dependencies(struct grub_run *run, const struct reader *module)
{
    struct reader section;

    if (!grub_module_section(module, ".moddeps", &section))
        return;
    while (reader_left(&section) > 0 && !run->failed) {
        const char *name = (const char *)section.data + section.position;
        size_t length = strnlen(name, reader_left(&section));
        char *copy = grub_run_format(run, "%.*s", (int)length, name);
        if (copy == NULL || length == 0 || !reader_skip(&section, length + 1))
            return;
        grub_module_load(run, copy);
    }
}

enum grub_error grub_module_load_file(struct grub_run *run, const char *path)
{
    struct grub_file file;
    struct reader name;

    if (run->start->secure_boot && run->build->refuses_modules)
        return GRUB_ACCESS_DENIED;
    enum grub_error result = grub_open(run, path, true, &file);
    if (result != GRUB_OK)
        return result;
    /* kern/efi/sb.c, shim_lock_verifier_init(): refused, but measured before that. */
    if (run->start->secure_boot)
        return GRUB_ACCESS_DENIED;
    OWNED(bytes) bytes = grub_read(run, &file);
    if (bytes == NULL)
        return GRUB_BAD_MODULE;
    struct reader module = reader_over(bytes->data, bytes->size);
    if (!grub_module_section(&module, ".modname", &name))
        return GRUB_BAD_MODULE;
    char *copy = grub_run_format(run, "%.*s", (int)name.size, (const char *)name.data);
    if (copy == NULL)
        return GRUB_BAD_MODULE;
    if (run->module_depth == MODULE_DEPTH_LIMIT)
        return GRUB_BAD_MODULE;
    push(run, &run->loaded_modules, copy, NULL);
    run->module_depth++;
    load_dependencies(run, &module);
    run->module_depth--;
    return GRUB_OK;
}

enum grub_error grub_module_load(struct grub_run *run, const char *name)
{
    const char *prefix = grub_env_get(run, "prefix");

    if (grub_module_is_loaded(run, name))
        return GRUB_OK;
    if (prefix == NULL)
        return GRUB_FILE_NOT_FOUND;
    const char *path = grub_run_format(run, "%s/%s-efi/%s.mod", prefix, run->build->cpu, name);
    return path == NULL ? GRUB_BAD_MODULE : grub_module_load_file(run, path);
}

/* A line's text without blanks at either end, in place; the next line, or NULL. */
static char *cut_line(char *text, char **line)
{
    char *end = strchr(text, '\n');

    if (end != NULL)
        *end = '\0';
    *line = text + strspn(text, " \t\r");
    for (size_t length = strlen(*line); length > 0; length--) {
        if (!isspace((unsigned char)(*line)[length - 1]))
            break;
        (*line)[length - 1] = '\0';
    }
    return end == NULL ? NULL : end + 1;
}

/* "NAME: MODULE" with an optional '*' before it, or, for fs.lst, "MODULE". */
static void take_entry(struct grub_run *run, struct grub_name **list, char *line)
{
    line += *line == '*';
    char *module = strchr(line, ':');

    if (module != NULL) {
        *module++ = '\0';
        module += strspn(module, " \t");
    }
    if (*line != '\0')
        push(run, list, line, module);
}

/* `list` is NULL where what is in it never matters. */
static void read_list(struct grub_run *run, const char *prefix, const char *name,
                      struct grub_name **list)
{
    struct grub_file file;
    const char *path = grub_run_format(run, "%s/%s-efi/%s.lst", prefix, run->build->cpu, name);

    if (path == NULL || grub_open(run, path, true, &file) != GRUB_OK || list == NULL)
        return;
    OWNED(bytes) bytes = grub_read(run, &file);
    char *text = bytes == NULL
                     ? NULL
                     : grub_run_format(run, "%.*s", (int)bytes->size, (const char *)bytes->data);
    *list = NULL;
    for (unsigned i = 0; i < LIST_LIMIT && text != NULL && !run->failed; i++) {
        char *line;
        text = cut_line(text, &line);
        take_entry(run, list, line);
    }
}

void grub_read_lists(struct grub_run *run, const char *prefix)
{
    if (prefix != NULL) {
        read_list(run, prefix, "command", &run->dynamic_commands);
        read_list(run, prefix, "fs", &run->file_systems);
        read_list(run, prefix, "crypto", NULL);
        read_list(run, prefix, "terminal", &run->terminals);
    }
    grub_read_locale(run, grub_env_get(run, "lang"), grub_env_get(run, "locale_dir"), prefix);
}

void grub_autoload_file_systems(struct grub_run *run)
{
    while (run->file_systems != NULL && !run->failed) {
        grub_module_load(run, run->file_systems->name);
        run->file_systems = run->file_systems->next;
    }
}

/* grub_mofile_open() */
static bool open_catalogue(struct grub_run *run, const char *path)
{
    struct grub_file file;
    uint32_t magic;
    uint32_t version;

    if (path == NULL || grub_open(run, path, true, &file) != GRUB_OK)
        return false;
    OWNED(bytes) bytes = grub_read(run, &file);
    if (bytes == NULL)
        return false;
    struct reader r = reader_over(bytes->data, bytes->size);
    return read_u32le(&r, &magic) && read_u32le(&r, &version) &&
           (magic == MO_MAGIC ? version == 0 : (magic & 0xffff) == 0x8b1f /* gzip */);
}

/* grub_mofile_open_lang() */
static bool open_language(struct grub_run *run, const char *folder, const char *below,
                          const char *language)
{
    static const char *const suffixes[] = {".mo", ".mo.gz", ".gmo"};

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (open_catalogue(run,
                           grub_run_format(run, "%s%s/%s%s", folder, below, language, suffixes[i])))
            return true;
    }
    return false;
}

void grub_read_locale(struct grub_run *run, const char *language, const char *directory,
                      const char *prefix)
{
    bool own = directory != NULL && directory[0] != '\0';
    const char *folder = own ? directory : prefix;
    const char *below = own ? "" : "/locale";

    if (!grub_module_is_loaded(run, "gettext") || language == NULL || language[0] == '\0' ||
        folder == NULL || folder[0] == '\0')
        return;
    const char *territory = strchr(language, '_');
    if (open_language(run, folder, below, language) || territory == NULL)
        return;
    const char *bare = grub_run_format(run, "%.*s", (int)(territory - language), language);
    if (bare != NULL)
        open_language(run, folder, below, bare);
}
