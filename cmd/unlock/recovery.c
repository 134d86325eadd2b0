/* SPDX-License-Identifier: Apache-2.0 */
#include "recovery.h"

#include <stdio.h>

#include "console.h"

static const char warning[] =
    "\ncoldseal: the root is to be unlocked with the recovery key.\n"
    "coldseal: Whatever is typed here, the host that runs this machine can read. Afterwards the\n"
    "coldseal: host knows the recovery key, and with it the disk: copy the data to a disk with a\n"
    "coldseal: new volume key, and never use this recovery key again.\n";
static const char prompt[] = "coldseal: recovery key (it is not shown): ";

static void tell(bool is_test, const char *text)
{
    if (is_test)
        fputs(text, stderr);
    else
        console_print(text);
}

struct unlocked *recovery_ask(bool is_test, const struct cmdline *cmdline,
                              const struct candidates *candidates, struct error *err)
{
    tell(is_test, warning);
    for (int i = 0; i < RECOVERY_ATTEMPTS; i++) {
        struct error why = {0};
        char text[CONSOLE_LINE_BYTES];
        tell(is_test, prompt);
        OWNED(secret) key = console_ask(is_test, err);
        if (key == NULL)
            return NULL;
        struct unlocked *unlocked = unlock_by_recovery_key(key, cmdline, candidates, &why);
        if (unlocked != NULL) {
            tell(is_test, "\ncoldseal: the host knows this recovery key now: it must be changed\n");
            return unlocked;
        }
        snprintf(text, sizeof(text), "\ncoldseal: %.800s\n", why.message);
        tell(is_test, text);
        *err = why;
    }
    error_wrap(err, "%d attempts", RECOVERY_ATTEMPTS);
    return NULL;
}
