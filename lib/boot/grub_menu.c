/* SPDX-License-Identifier: Apache-2.0 */
/* normal/menu.c of GRUB 2.06: which entry is booted when nobody touches a key, and what follows
 * when it fails. */
#include <string.h>

#include "boot/grub_run.h"

static bool take_number(const char *text, long *number, const char **rest)
{
    uint64_t value;

    if (!grub_number(text, 0, &value, rest))
        return false;
    *number = (int)value;
    return true;
}

/* menuentry_eq(): in $default, '>' leads into a submenu and ">>" is the character itself. */
static bool names_entry(const char *name, const char *wanted)
{
    for (;; name++, wanted++) {
        if (wanted[0] == '>' && wanted[1] != '>')
            return *name == '\0';
        wanted += wanted[0] == '>';
        if (*name != *wanted)
            return false;
        if (*name == '\0')
            return true;
    }
}

static struct grub_entry *entry_at(const struct grub_menu *menu, long index)
{
    struct grub_entry *entry = menu->entries;

    for (; entry != NULL && index > 0; index--)
        entry = entry->next;
    return entry;
}

/* get_entry_number(), and the first entry where it finds none. */
static struct grub_entry *default_entry(const struct grub_run *run, const struct grub_menu *menu)
{
    const char *wanted = grub_env_get(run, "default");
    long index = 0;

    if (wanted == NULL)
        return menu->entries;
    if (!take_number(wanted, &index, NULL)) {
        for (struct grub_entry *entry = menu->entries; entry != NULL; entry = entry->next) {
            if (names_entry(entry->title, wanted) || names_entry(entry->id, wanted))
                return entry;
        }
        return menu->entries;
    }
    struct grub_entry *entry = entry_at(menu, index);
    return entry == NULL ? menu->entries : entry;
}

/* What the variable is, and the line that set it, for a note. */
static void note_variable(struct grub_run *run, const char *name, const char *reason)
{
    const struct grub_variable *variable = grub_env_find(run, name);

    if (variable != NULL)
        grub_run_note_at(run, variable->config, variable->line, reason);
    else
        grub_run_note(run, "%s", reason);
}

/* grub_menu_get_timeout(); -1: GRUB waits for ever. */
static long get_timeout(struct grub_run *run)
{
    const char *value = grub_env_get(run, "timeout");
    long timeout;

    if (value == NULL)
        return -1;
    if (take_number(value, &timeout, NULL))
        return timeout;
    grub_env_unset(run, "timeout");
    return -1;
}

static bool is_hidden(const struct grub_run *run)
{
    const char *style = grub_env_get(run, "timeout_style");

    return style != NULL && (strcmp(style, "hidden") == 0 || strcmp(style, "countdown") == 0);
}

/* run_menu() without a key: the entry that is booted, or NULL where GRUB waits. */
static struct grub_entry *run_menu(struct grub_run *run, const struct grub_menu *menu)
{
    struct grub_entry *entry = default_entry(run, menu);
    long timeout = get_timeout(run);

    if (timeout < 0) {
        grub_run_end(run, "GRUB shows its menu and waits: no time limit is set");
        return NULL;
    }
    if (is_hidden(run)) {
        /* The keyboard is asked at least once, and for three seconds where it cannot tell which
         * modifier keys are down. */
        note_variable(run, "timeout_style", "a key at the console may stop GRUB here");
        grub_env_unset(run, "timeout");
        grub_env_unset(run, "timeout_style");
    } else if (timeout > 0) {
        note_variable(run, "timeout", "a key at the console may choose another entry here");
        if (grub_env_get(run, "theme") != NULL)
            grub_run_note(run, "a theme's files may be measured while the menu is shown");
        grub_env_unset(run, "timeout");
    }
    return entry;
}

/* grub_menu_execute_entry(): "1>2" is "2" inside of entry 1. */
static void set_inner_default(struct grub_run *run, const char *wanted)
{
    while (wanted != NULL && *wanted != '\0' && (wanted[0] != '>' || wanted[1] == '>'))
        wanted += wanted[0] == '>' ? 2 : 1;
    if (wanted != NULL && wanted[0] != '\0' && wanted[1] != '\0')
        grub_env_set(run, "default", wanted + 1);
    else
        grub_env_unset(run, "default");
}

static void set_chosen(struct grub_run *run, const char *outer, const char *id)
{
    size_t length = strlen(id);
    char *escaped = grub_run_take(run, 2 * length + 1);
    char *out = escaped;

    for (size_t i = 0; escaped != NULL && i < length; i++) {
        if (id[i] == '>')
            *out++ = '>';
        *out++ = id[i];
    }
    const char *chosen =
        escaped == NULL || outer == NULL ? escaped : grub_run_format(run, "%s>%s", outer, escaped);
    if (chosen != NULL) {
        grub_env_set(run, "chosen", chosen);
        grub_env_export(run, "chosen");
    }
}

static void restore(struct grub_run *run, const char *name, const char *value)
{
    if (grub_run_stops(run))
        return;
    if (value != NULL)
        grub_env_set(run, name, value);
    else
        grub_env_unset(run, name);
}

static void execute_body(struct grub_run *run, const struct grub_entry *entry)
{
    struct grub_scope scope = {entry->argument_count, entry->arguments};
    struct grub_scope *outer = run->scope;
    struct grub_source source = {.text = entry->body,
                                 .size = strlen(entry->body),
                                 .path = entry->config,
                                 .numbers = entry->numbers,
                                 .number_count = entry->number_count};

    run->scope = &scope;
    grub_execute_source(run, &source);
    run->scope = outer;
}

static void boot(struct grub_run *run, const struct grub_entry *entry)
{
    if (grub_run_stops(run) || !run->loaded)
        return;
    run->config = entry->config;
    run->line = entry->line;
    grub_boot(run);
}

static void execute_entry(struct grub_run *run, const struct grub_entry *entry)
{
    const char *chosen = grub_env_get(run, "chosen");
    const char *wanted = grub_env_get(run, "default");

    run->config = entry->config;
    run->line = entry->line;
    if (entry->is_restricted && grub_env_get(run, "superusers") != NULL) {
        grub_run_end(run, "GRUB asks for a password before it boots the entry");
        return;
    }
    if (entry->is_submenu) {
        grub_env_open(run, false);
        run->context->menu = grub_run_take(run, sizeof(*run->context->menu));
        grub_env_set(run, "timeout", "0");
    }
    set_chosen(run, chosen, entry->id);
    set_inner_default(run, wanted);
    execute_body(run, entry);
    boot(run, entry);
    if (grub_run_stops(run))
        return;
    if (entry->is_submenu) {
        if (run->context->menu != NULL && run->context->menu->count > 0)
            grub_menu_show(run, run->context->menu, true);
        grub_env_close(run);
    }
    restore(run, "chosen", chosen);
    restore(run, "default", wanted);
    if (!grub_run_stops(run))
        grub_env_unset(run, "timeout");
}

/* get_and_remove_first_entry_number() of $fallback */
static bool next_fallback(struct grub_run *run, long *index)
{
    const char *value = grub_env_get(run, "fallback");
    const char *rest;

    if (value == NULL)
        return false;
    if (!take_number(value, index, &rest))
        return grub_env_unset(run, "fallback"), false;
    grub_env_set(run, "fallback", rest + strspn(rest, " \t\n"));
    return true;
}

/* grub_menu_execute_with_fallback() */
static void execute_with_fallback(struct grub_run *run, const struct grub_menu *menu,
                                  const struct grub_entry *entry)
{
    long index;

    execute_entry(run, entry);
    while (!grub_run_stops(run) && next_fallback(run, &index)) {
        entry = entry_at(menu, index);
        if (entry == NULL)
            break;
        execute_entry(run, entry);
    }
}

void grub_menu_show(struct grub_run *run, const struct grub_menu *menu, bool autobooted)
{
    while (!grub_run_stops(run)) {
        const struct grub_entry *entry = run_menu(run, menu);
        if (entry == NULL || grub_run_stops(run))
            break;
        execute_with_fallback(run, menu, entry);
        if (autobooted || run->exit_levels > 0)
            break;
    }
}
