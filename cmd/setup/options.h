/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "core/error.h"

#define OPTIONS_KERNEL_ARGS 64

enum action { ACTION_SET_UP, ACTION_HELP, ACTION_VERSION };

struct options {
    enum action action;
    bool this_machine;
    bool quiet;
    struct coldseal_guest_options guest; /* points into kernel_args: not to be copied */
    const char *kernel_args[OPTIONS_KERNEL_ARGS];
};

extern const char options_help[];

/* COLDSEAL_USAGE. */
bool options_parse(int argc, char **argv, struct options *options, struct error *err);

#endif
