/* SPDX-License-Identifier: Apache-2.0 */
/* In an initramfs there are no options; the test mode does all but activate, report on consoles
 * and power off. */
#ifndef UNLOCK_OPTIONS_H
#define UNLOCK_OPTIONS_H

#include "device.h"

enum action { ACTION_UNLOCK, ACTION_TEST, ACTION_HELP, ACTION_VERSION };

struct options {
    enum action action;
    const char *cmdline; /* file instead of /proc/cmdline */
    const char *tcti;
    const char *event_log; /* printed on a failure; NULL: none */
    struct candidates devices;
};

/* COLDSEAL_USAGE. */
bool options_parse(int argc, char **argv, struct options *options, struct error *err);
extern const char options_help[];

#endif
