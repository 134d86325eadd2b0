/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB's commands, for the table in grub_commands.c. argv->words[0] is the command's name. */
#ifndef BOOT_GRUB_COMMANDS_H
#define BOOT_GRUB_COMMANDS_H

#include "boot/grub_run.h"

#define GRUB_COMMAND(name) \
    enum grub_error grub_cmd_##name(struct grub_run *run, const struct grub_argv *argv)

/* grub_control.c: script/{execute,main}.c, kern/corecmd.c, normal/context.c */
GRUB_COMMAND(break);
GRUB_COMMAND(shift);
GRUB_COMMAND(setparams);
GRUB_COMMAND(return );
GRUB_COMMAND(set);
GRUB_COMMAND(unset);
GRUB_COMMAND(export);
GRUB_COMMAND(insmod);
GRUB_COMMAND(eval);
GRUB_COMMAND(source);
GRUB_COMMAND(normal);
GRUB_COMMAND(normal_exit);
/* grub_test.c: commands/test.c */
GRUB_COMMAND(test);
/* grub_loadenv.c: commands/loadenv.c */
GRUB_COMMAND(load_env);
GRUB_COMMAND(save_env);
/* grub_search.c */
GRUB_COMMAND(search);
GRUB_COMMAND(search_fs_uuid);
GRUB_COMMAND(search_label);
GRUB_COMMAND(search_file);
/* grub_menuentry.c */
GRUB_COMMAND(menuentry);
/* grub_loader.c: loader/… */
GRUB_COMMAND(linux);
GRUB_COMMAND(linuxefi);
GRUB_COMMAND(initrd);
GRUB_COMMAND(chainloader);
GRUB_COMMAND(boot);
/* grub_hardware.c: what asks the machine, or ends GRUB */
GRUB_COMMAND(ends);
GRUB_COMMAND(asks_machine);
GRUB_COMMAND(sets_from_machine);
GRUB_COMMAND(fwsetup);
GRUB_COMMAND(regexp);
GRUB_COMMAND(sleep);
GRUB_COMMAND(loadfont);
GRUB_COMMAND(terminal);
GRUB_COMMAND(background_image);
GRUB_COMMAND(reads_files);
GRUB_COMMAND(unfollowed);

#endif
