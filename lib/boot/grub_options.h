/* SPDX-License-Identifier: Apache-2.0 */
/* Options of GRUB's commands: lib/arg.c of GRUB 2.06. */
#ifndef BOOT_GRUB_OPTIONS_H
#define BOOT_GRUB_OPTIONS_H

#include "boot/grub_run.h"

enum grub_option_kind { GRUB_OPTION_FLAG, GRUB_OPTION_VALUE, GRUB_OPTION_OPTIONAL_VALUE };

struct grub_option {
    const char *name;
    char letter; /* 0: none */
    enum grub_option_kind kind;
};

struct grub_option_table {
    const struct grub_option *options;
    size_t count;
    bool accepts_dash; /* what is no option is an argument */
};

/* Calls `take` for each option, its value NULL where it has none; *rest gets the other words, after
 * the command's name. false where GRUB prints a message. */
bool grub_options_parse(struct grub_run *run, const struct grub_option_table *table,
                        const struct grub_argv *argv,
                        void (*take)(void *context, size_t index, const char *value), void *context,
                        struct grub_argv *rest);

#endif
