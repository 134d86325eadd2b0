/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that are known here, and the module that each is part of. A command of a module that
 * is not built in does not exist, unless command.lst names it (normal/dyncmd.c). */
#include "boot/grub_commands.h"

#include <string.h>

/* echo, clear, serial, …: nothing that is measured hangs on them. */
static enum grub_error succeed(struct grub_run *run, const struct grub_argv *argv)
{
    (void)run;
    (void)argv;
    return GRUB_OK;
}

static enum grub_error fail(struct grub_run *run, const struct grub_argv *argv)
{
    (void)run;
    (void)argv;
    return GRUB_TEST_FAILURE;
}

static const struct {
    const char *name;
    const char *module; /* NULL: of the program itself */
    grub_command_function function;
} commands[] = {
    {"set", NULL, grub_cmd_set},
    {"unset", NULL, grub_cmd_unset},
    {"ls", NULL, succeed},
    {"insmod", NULL, grub_cmd_insmod},
    {"[", "test", grub_cmd_test},
    {"test", "test", grub_cmd_test},
    {"true", "true", succeed},
    {"false", "true", fail},
    {"echo", "echo", succeed},
    {"break", "normal", grub_cmd_break},
    {"continue", "normal", grub_cmd_break},
    {"shift", "normal", grub_cmd_shift},
    {"setparams", "normal", grub_cmd_setparams},
    {"return", "normal", grub_cmd_return},
    {"export", "normal", grub_cmd_export},
    {"clear", "normal", succeed},
    {"normal", "normal", grub_cmd_normal},
    {"normal_exit", "normal", grub_cmd_normal_exit},
    {"menuentry", "normal", grub_cmd_menuentry},
    {"submenu", "normal", grub_cmd_menuentry},
    {"authenticate", "normal", grub_cmd_unfollowed},
    {"eval", "eval", grub_cmd_eval},
    {"source", "configfile", grub_cmd_source},
    {".", "configfile", grub_cmd_source},
    {"configfile", "configfile", grub_cmd_source},
    {"extract_entries_source", "configfile", grub_cmd_unfollowed},
    {"extract_entries_configfile", "configfile", grub_cmd_unfollowed},
    {"search", "search", grub_cmd_search},
    {"search.fs_uuid", "search_fs_uuid", grub_cmd_search_fs_uuid},
    {"search.fs_label", "search_label", grub_cmd_search_label},
    {"search.file", "search_fs_file", grub_cmd_search_file},
    {"load_env", "loadenv", grub_cmd_load_env},
    {"list_env", "loadenv", grub_cmd_load_env},
    {"save_env", "loadenv", grub_cmd_save_env},
    {"linux", "linux", grub_cmd_linux},
    {"initrd", "linux", grub_cmd_initrd},
    {"linuxefi", "linuxefi", grub_cmd_linuxefi},
    {"initrdefi", "linuxefi", grub_cmd_initrd},
    {"chainloader", "chain", grub_cmd_chainloader},
    {"boot", "boot", grub_cmd_boot},
    {"halt", "halt", grub_cmd_ends},
    {"reboot", "reboot", grub_cmd_ends},
    {"exit", "minicmd", grub_cmd_ends},
    {"fwsetup", "efifwsetup", grub_cmd_fwsetup},
    {"cat", "cat", grub_cmd_reads_files},
    {"loadfont", "font", grub_cmd_loadfont},
    {"terminal_input", "terminal", grub_cmd_terminal},
    {"terminal_output", "terminal", grub_cmd_terminal},
    {"serial", "serial", succeed},
    {"background_image", "gfxterm_background", grub_cmd_background_image},
    {"background_color", "gfxterm_background", succeed},
    {"gettext", "gettext", succeed},
    {"help", "help", succeed},
    {"lsmod", "minicmd", succeed},
    {"lsfonts", "font", succeed},
    {"lsefi", "lsefi", succeed},
    {"lsefimmap", "lsefimmap", succeed},
    {"lsefisystab", "lsefisystab", succeed},
    {"lssal", "lssal", succeed},
    {"lsacpi", "lsacpi", succeed},
    {"play", "play", succeed},
    {"password", "password", succeed},
    {"password_pbkdf2", "password_pbkdf2", succeed},
    {"sleep", "sleep", grub_cmd_sleep},
    {"regexp", "regexp", grub_cmd_regexp},
    {"keystatus", "keystatus", grub_cmd_asks_machine},
    {"cpuid", "cpuid", grub_cmd_asks_machine},
    {"hwmatch", "hwmatch", grub_cmd_asks_machine},
    {"cmp", "cmp", grub_cmd_asks_machine},
    {"probe", "probe", grub_cmd_sets_from_machine},
    {"smbios", "smbios", grub_cmd_sets_from_machine},
    {"rdmsr", "rdmsr", grub_cmd_sets_from_machine},
    {"date", "date", grub_cmd_sets_from_machine},
    {"read", "read", grub_cmd_sets_from_machine},
    {"loopback", "loopback", grub_cmd_unfollowed},
    {"cryptomount", "cryptodisk", grub_cmd_unfollowed},
    {"acpi", "acpi", grub_cmd_unfollowed},
    {"devicetree", "fdt", grub_cmd_unfollowed},
    {"rmmod", "minicmd", grub_cmd_unfollowed},
    {"net_bootp", "net", grub_cmd_unfollowed},
    {"net_dhcp", "net", grub_cmd_unfollowed},
    {"videomode", "videotest", succeed},
};

static grub_command_function find_static(const struct grub_run *run, const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0 &&
            (commands[i].module == NULL || grub_module_is_loaded(run, commands[i].module)))
            return commands[i].function;
    }
    return NULL;
}

static const struct grub_name *find_dynamic(const struct grub_run *run, const char *name)
{
    const struct grub_name *command = run->dynamic_commands;

    while (command != NULL && strcmp(command->name, name) != 0)
        command = command->next;
    return command != NULL && command->module != NULL &&
                   !grub_module_is_loaded(run, command->module)
               ? command
               : NULL;
}

/* grub_dyncmd_dispatcher() */
static enum grub_error run_dynamic(struct grub_run *run, const struct grub_argv *argv)
{
    const struct grub_name *command = find_dynamic(run, argv->words[0]);
    enum grub_error result = command == NULL ? GRUB_OK : grub_module_load(run, command->module);

    if (result != GRUB_OK)
        return result;
    grub_command_function function = find_static(run, argv->words[0]);
    return function == NULL ? grub_cmd_unfollowed(run, argv) : function(run, argv);
}

grub_command_function grub_command_find(struct grub_run *run, const char *name)
{
    grub_command_function function = find_static(run, name);

    if (function == NULL && find_dynamic(run, name) != NULL)
        return run_dynamic;
    return function;
}
