/* SPDX-License-Identifier: Apache-2.0 */
/* coldseal-unlock: the guest's only way to its root. In an initramfs it returns with the root
 * mapped and the TPM shut, or it powers the machine off: no prompt, no shell, no second way. */
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "bootlog.h"
#include "config.h"
#include "console.h"
#include "core/secret.h"
#include "poweroff.h"
#include "run.h"

/* On a running system a failure would end it: an initramfs lives in ramfs or tmpfs. */
static bool in_initramfs(void)
{
    struct statfs root;

    return statfs("/", &root) == 0 && (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC);
}

/* Nothing that a console can send, no inherited descriptor and no variable reaches what follows. */
static void shut_inputs(void)
{
    sigset_t all;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        close(null);
    } else {
        close(STDIN_FILENO);
    }
}

static void report_failure(const struct error *err)
{
    struct error why = {0};
    OWNED_PTR(char) log = bootlog_text(NULL, &why);
    OWNED_PTR(char) text = NULL;

    console_log(CONSOLE_FAILURE, err->message);
    if (asprintf(&text, "\ncoldseal: unlock failed: %s\n%s%s\ncoldseal: powering off\n",
                 err->message,
                 log != NULL ? log : "coldseal: no boot log: ", log != NULL ? "" : why.message) < 0)
        text = NULL;
    console_print(text != NULL ? text : "\ncoldseal: unlock failed: out of memory\n");
}

static int unlock_in_guest(const struct options *options)
{
    struct error err = {0};

    if (!in_initramfs()) {
        fprintf(stderr, "coldseal-unlock: this is not an initramfs (see --help)\n");
        return COLDSEAL_USAGE;
    }
    shut_inputs();
    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    if (run_unlock(options, &err))
        return EXIT_SUCCESS;
    report_failure(&err);
    poweroff();
}

static int unlock_in_test(const struct options *options)
{
    struct error err = {0}, why = {0};

    if (run_unlock(options, &err)) {
        printf("pin ok\n");
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "coldseal-unlock: %s\n", err.message);
    if (options->event_log != NULL) {
        OWNED_PTR(char) log = bootlog_text(options->event_log, &why);
        if (log != NULL)
            fputs(log, stdout);
        else
            fprintf(stderr, "coldseal-unlock: no boot log: %s\n", why.message);
    }
    return (int)err.code;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err = {0};

    clearenv();
    secret_harden_process();
    if (!options_parse(argc, argv, &options, &err)) {
        fprintf(stderr, "coldseal-unlock: %s\n", err.message);
        return (int)err.code;
    }
    switch (options.action) {
    case ACTION_HELP:
        fputs(options_help, stdout);
        return EXIT_SUCCESS;
    case ACTION_VERSION:
        printf("coldseal-unlock %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
    case ACTION_TEST:
        return unlock_in_test(&options);
    case ACTION_UNLOCK:
        break;
    }
    return unlock_in_guest(&options);
}
