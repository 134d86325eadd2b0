/* SPDX-License-Identifier: Apache-2.0 */
/* kern/env.c and normal/context.c of GRUB 2.06: variables, contexts, and the hooks of variables
 * whose setting opens files. */
#include <string.h>

#include "boot/grub_run.h"

static struct grub_variable *find(const struct grub_run *run, const char *name)
{
    struct grub_variable *variable = run->context->variables;

    while (variable != NULL && strcmp(variable->name, name) != 0)
        variable = variable->next;
    return variable;
}

const struct grub_variable *grub_env_find(const struct grub_run *run, const char *name)
{
    return find(run, name);
}

const char *grub_env_get(const struct grub_run *run, const char *name)
{
    const struct grub_variable *variable = find(run, name);

    return variable == NULL ? NULL : variable->value;
}

/* Without hooks; NULL when the run fails. */
static struct grub_variable *store(struct grub_run *run, const char *name, const char *value)
{
    struct grub_variable *variable = find(run, name);

    value = grub_run_copy(run, value);
    if (variable == NULL) {
        variable = grub_run_take(run, sizeof(*variable));
        name = grub_run_copy(run, name);
        if (run->failed)
            return NULL;
        variable->name = name;
        variable->next = run->context->variables;
        run->context->variables = variable;
    }
    if (run->failed)
        return NULL;
    variable->value = value;
    variable->config = run->config;
    variable->line = run->line;
    return variable;
}

/* gettext/gettext.c: the three variables that decide which catalogue of messages is opened. */
static void read_catalogues(struct grub_run *run, const char *name, const char *value)
{
    const char *language = strcmp(name, "lang") == 0 ? value : grub_env_get(run, "lang");
    const char *main_directory =
        strcmp(name, "locale_dir") == 0 ? value : grub_env_get(run, "locale_dir");
    const char *secondary = strcmp(name, "secondary_locale_dir") == 0
                                ? value
                                : grub_env_get(run, "secondary_locale_dir");

    if (strcmp(name, "secondary_locale_dir") != 0)
        grub_read_locale(run, language, main_directory, grub_env_get(run, "prefix"));
    if (strcmp(name, "locale_dir") != 0)
        grub_read_locale(run, language, secondary, NULL);
}

/* Hooks see the value before it is there (grub_env_set()). */
void grub_env_set(struct grub_run *run, const char *name, const char *value)
{
    size_t length = strlen(value);

    if (strcmp(name, "root") == 0 && length > 1 && value[0] == '(' && value[length - 1] == ')') {
        /* kern/main.c, grub_env_write_root() */
        char *inner = grub_run_format(run, "%.*s", (int)(length - 2), value + 1);
        value = inner == NULL ? value : inner;
    }
    if (strcmp(name, "prefix") == 0 && run->normal_started)
        grub_read_lists(run, value);
    if (strcmp(name, "lang") == 0 || strcmp(name, "locale_dir") == 0 ||
        strcmp(name, "secondary_locale_dir") == 0)
        read_catalogues(run, name, value);
    store(run, name, value);
}

static bool has_hook(const struct grub_run *run, const char *name)
{
    static const char *const hooked[] = {
        "root",         "lang",  "locale_dir",     "secondary_locale_dir",
        "color_normal", "pager", "color_highlight"};

    for (size_t i = 0; i < sizeof(hooked) / sizeof(hooked[0]); i++) {
        if (strcmp(name, hooked[i]) == 0)
            return true;
    }
    return strcmp(name, "prefix") == 0 && run->normal_started;
}

void grub_env_unset(struct grub_run *run, const char *name)
{
    struct grub_variable **place = &run->context->variables;

    while (*place != NULL && strcmp((*place)->name, name) != 0)
        place = &(*place)->next;
    if (*place == NULL)
        return;
    if (has_hook(run, name))
        grub_env_set(run, name, "");
    else
        *place = (*place)->next;
}

void grub_env_export(struct grub_run *run, const char *name)
{
    struct grub_variable *variable = find(run, name);

    if (variable == NULL)
        variable = store(run, name, "");
    if (variable != NULL)
        variable->exported = true;
}

/* normal/context.c, grub_env_new_context(): copies do not run hooks. */
void grub_env_open(struct grub_run *run, bool export_all)
{
    struct grub_context *inner = grub_run_take(run, sizeof(*inner));
    struct grub_context *outer = run->context;

    if (inner == NULL)
        return;
    inner->outer = outer;
    run->context = inner;
    for (const struct grub_variable *from = outer->variables; from != NULL; from = from->next) {
        struct grub_variable *copy =
            from->exported || export_all ? grub_run_take(run, sizeof(*copy)) : NULL;
        if (copy == NULL)
            continue;
        *copy = *from;
        copy->exported = true;
        copy->next = inner->variables;
        inner->variables = copy;
    }
}

void grub_env_close(struct grub_run *run)
{
    if (run->context->outer != NULL)
        run->context = run->context->outer;
}
