/* SPDX-License-Identifier: Apache-2.0 */
/* Commands whose result is the machine's, not the disk's, and such as end GRUB; and those that open
 * files for the screen. */
#include <string.h>

#include "boot/grub_commands.h"

/* halt, reboot, exit */
enum grub_error grub_cmd_ends(struct grub_run *run, const struct grub_argv *argv)
{
    grub_run_end(run, grub_run_format(run, "GRUB ends with \"%.32s\"", argv->words[0]));
    return GRUB_OK;
}

/* keystatus, cpuid, hwmatch, lspci, …: taken to fail. */
enum grub_error grub_cmd_asks_machine(struct grub_run *run, const struct grub_argv *argv)
{
    grub_run_note(run, "\"%.32s\" asks the machine; it is taken to fail here", argv->words[0]);
    return GRUB_TEST_FAILURE;
}

static const char *option_value(const struct grub_argv *argv, const char *letter, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 1; i < argv->count; i++) {
        const char *word = argv->words[i];
        if (strncmp(word, name, length) == 0 && word[length] == '=')
            return word + length + 1;
        if ((strcmp(word, letter) == 0 || strcmp(word, name) == 0) && i + 1 < argv->count)
            return argv->words[i + 1];
    }
    return NULL;
}

/* probe, smbios, rdmsr, date, read: --set takes what the machine says; it is left empty. */
enum grub_error grub_cmd_sets_from_machine(struct grub_run *run, const struct grub_argv *argv)
{
    const char *variable = option_value(argv, "-s", "--set");

    grub_run_note(run, "what \"%.32s\" finds is the machine's; it is taken to be empty here",
                  argv->words[0]);
    if (variable != NULL)
        grub_env_set(run, variable, "");
    return GRUB_OK;
}

/* commands/efi/efifwsetup.c: older ones enter the set-up whatever they are asked, and do not exist
 * where the firmware cannot. */
enum grub_error grub_cmd_fwsetup(struct grub_run *run, const struct grub_argv *argv)
{
    bool asks = argv->count > 1 && strcmp(argv->words[1], "--is-supported") == 0;

    if (run->build->fwsetup_asks && asks) {
        grub_run_note(run, "whether the firmware has a set-up that can be entered is its own "
                           "matter; it is taken to have one");
        return GRUB_OK;
    }
    grub_run_end(run, "GRUB enters the firmware's set-up");
    return GRUB_OK;
}

enum grub_error grub_cmd_regexp(struct grub_run *run, const struct grub_argv *argv)
{
    (void)argv;
    grub_run_note(run, "\"regexp\" is not followed: it is taken not to match");
    return GRUB_TEST_FAILURE;
}

/* Without --interruptible nobody can do anything; with it, no key is taken to be pressed. */
enum grub_error grub_cmd_sleep(struct grub_run *run, const struct grub_argv *argv)
{
    for (size_t i = 1; i < argv->count; i++) {
        if (strcmp(argv->words[i], "--interruptible") == 0 || strcmp(argv->words[i], "-i") == 0)
            grub_run_note(run, "a key at the console may end the pause");
    }
    return GRUB_OK;
}

/* font/font.c, grub_font_load(): the memory disk comes before $prefix; without a reader for a
 * compressed one, its fonts are taken to be there. Fonts from elsewhere are measured, and refused
 * under Secure Boot (kern/efi/sb.c has no rule for them). */
static enum grub_error load_font(struct grub_run *run, const char *name)
{
    struct grub_file file;
    const char *prefix = grub_env_get(run, "prefix");

    if (name[0] != '\0' && strchr("(/+", name[0]) == NULL) {
        const char *inside = grub_run_format(run, "(memdisk)/fonts/%s.pf2", name);
        bool unknown = run->build->memdisk != NULL && run->memdisk == NULL;
        if (unknown)
            grub_run_note(run, "the font \"%.64s\" is taken to be in GRUB's memory disk", name);
        if (inside == NULL || unknown || grub_open(run, inside, true, &file) == GRUB_OK)
            return GRUB_OK;
        name = grub_run_format(run, "%s/fonts/%s.pf2", prefix == NULL ? "" : prefix, name);
    }
    enum grub_error result = name == NULL ? GRUB_BAD_FONT : grub_open(run, name, true, &file);
    if (result != GRUB_OK)
        return result;
    return run->start->secure_boot && !file.on_memdisk ? GRUB_ACCESS_DENIED : GRUB_OK;
}

enum grub_error grub_cmd_loadfont(struct grub_run *run, const struct grub_argv *argv)
{
    enum grub_error result = argv->count < 2 ? GRUB_BAD_ARGUMENT : GRUB_OK;

    for (size_t i = 1; i < argv->count && result == GRUB_OK; i++)
        result = load_font(run, argv->words[i]);
    return result;
}

static const char *terminal_module(const struct grub_run *run, const char *name, char kind)
{
    const struct grub_name *terminal = run->terminals;

    while (terminal != NULL && (terminal->name[0] != kind || strcmp(terminal->name + 1, name) != 0))
        terminal = terminal->next;
    return terminal == NULL ? NULL : terminal->module;
}

/* commands/terminal.c: a terminal that is not there is looked for in terminal.lst. Names of
 * terminals are those of modules, but for "console". */
enum grub_error grub_cmd_terminal(struct grub_run *run, const struct grub_argv *argv)
{
    char kind = strcmp(argv->words[0], "terminal_input") == 0 ? 'i' : 'o';

    for (size_t i = 1; i < argv->count; i++) {
        const char *name = argv->words[i];
        if (strcmp(name, "console") == 0 || strncmp(name, "--", 2) == 0 ||
            grub_module_is_loaded(run, name) || strncmp(name, "serial_", 7) == 0)
            continue;
        const char *module = terminal_module(run, name, kind);
        if (module == NULL || grub_module_load(run, module) != GRUB_OK)
            return GRUB_BAD_ARGUMENT;
    }
    return GRUB_OK;
}

enum grub_error grub_cmd_background_image(struct grub_run *run, const struct grub_argv *argv)
{
    struct grub_file file;

    if (argv->count < 2)
        return GRUB_OK;
    grub_run_note(run, "the image is opened only where there is a graphical terminal, as is taken "
                       "for granted here");
    return grub_open(run, argv->words[argv->count - 1], true, &file);
}

/* cat, hashsum, testload, …: each word that names a file. */
enum grub_error grub_cmd_reads_files(struct grub_run *run, const struct grub_argv *argv)
{
    struct grub_file file;
    enum grub_error result = GRUB_OK;

    for (size_t i = 1; i < argv->count && result == GRUB_OK; i++) {
        if (argv->words[i][0] != '-')
            result = grub_open(run, argv->words[i], true, &file);
    }
    return result;
}

enum grub_error grub_cmd_unfollowed(struct grub_run *run, const struct grub_argv *argv)
{
    grub_run_note(run, "\"%.32s\" is not followed: what it opens or changes is not predicted",
                  argv->words[0]);
    return GRUB_OK;
}
