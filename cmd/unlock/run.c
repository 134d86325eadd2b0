/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "activate.h"
#include "clock.h"
#include "console.h"
#include "extend.h"
#include "grow.h"
#include "recovery.h"
#include "unlock.h"

#define TPM_DEVICE "/dev/tpmrm0"
#define TPM_TCTI "device:" TPM_DEVICE
#define TPM_POLL_MILLISECONDS 200

static const struct device_roots system_roots = {.sysfs = "/sys/class/block", .dev = "/dev"};

static struct tpm *open_tpm(const struct options *options, const struct cmdline *cmdline,
                            struct error *err)
{
    /* a recovery is what one wants where there is no TPM any more */
    unsigned seconds = cmdline->console_recovery ? RUN_RECOVERY_WAIT_SECONDS : RUN_WAIT_SECONDS;
    uint64_t deadline = clock_milliseconds() + (uint64_t)seconds * 1000;

    if (options->tcti != NULL)
        return tpm_open(options->tcti, err);
    while (access(TPM_DEVICE, F_OK) != 0) {
        if (clock_milliseconds() >= deadline) {
            error_set(err, COLDSEAL_TPM, "no TPM: %s did not appear within %u seconds", TPM_DEVICE,
                      seconds);
            return NULL;
        }
        clock_sleep_milliseconds(TPM_POLL_MILLISECONDS);
    }
    return tpm_open(TPM_TCTI, err);
}

static bool find_candidates(const struct options *options, const struct cmdline *cmdline,
                            struct candidates *found, struct error *err)
{
    if (options->action == ACTION_UNLOCK)
        return device_wait(&system_roots, cmdline->uuid, RUN_WAIT_SECONDS, found, err);
    found->count = 0;
    for (size_t i = 0; i < options->devices.count; i++) {
        if (device_has_uuid(&options->devices.items[i], cmdline->uuid))
            found->items[found->count++] = options->devices.items[i];
    }
    return found->count > 0 ||
           error_set(err, COLDSEAL_IO, "no device with LUKS2 UUID %s", cmdline->uuid);
}

/* What cannot be done is said and does not keep the root closed. */
static void grow_root(const struct unlocked *unlocked, struct growth *growth)
{
    char line[CONSOLE_LINE_BYTES];
    struct error why = {0};

    if (!grow_partition(&system_roots, &unlocked->candidate, growth, &why))
        snprintf(line, sizeof(line), "the root keeps its size: %.800s", why.message);
    else if (growth->after_bytes > growth->before_bytes)
        snprintf(line, sizeof(line), "the root's partition grows from %llu to %llu MiB",
                 (unsigned long long)growth->before_bytes >> 20,
                 (unsigned long long)growth->after_bytes >> 20);
    else
        return;
    console_log(CONSOLE_NOTICE, line);
}

static bool open_root(const struct options *options, const struct unlocked *unlocked,
                      struct error *err)
{
    struct growth growth;

    if (options->action == ACTION_TEST)
        return activate_verify(unlocked, err);
    grow_root(unlocked, &growth);
    bool ok = activate_root(unlocked, err);
    growth_end(&growth);
    return ok;
}

static bool unlock_root(const struct options *options, const struct cmdline *cmdline,
                        struct tpm *tpm, struct error *err)
{
    struct candidates candidates = {0};

    if (!find_candidates(options, cmdline, &candidates, err))
        return false;
    OWNED(unlocked)
    unlocked = cmdline->console_recovery
                   ? recovery_ask(options->action == ACTION_TEST, cmdline, &candidates, err)
                   : unlock_candidates(tpm, cmdline, &candidates, err);
    if (unlocked == NULL)
        return false;
    /* Before anything of the disk is used: whatever runs from it finds the TPM shut. */
    if (tpm != NULL && !extend_success(tpm, cmdline->pin, err))
        return false;
    return open_root(options, unlocked, err);
}

bool run_unlock(const struct options *options, struct error *err)
{
    struct error first = {0}, second = {0};
    struct cmdline cmdline = {0};
    const char *path = options->action == ACTION_TEST ? options->cmdline : "/proc/cmdline";
    bool is_read = cmdline_read(path, &cmdline, &first);
    /* Before all else, since every failure from here on must shut it. */
    OWNED(tpm) tpm = open_tpm(options, &cmdline, err);

    if (tpm == NULL && !(is_read && cmdline.console_recovery))
        return false;
    if (is_read && unlock_root(options, &cmdline, tpm, &first))
        return true;
    *err = first;
    if (tpm != NULL && !extend_failure(tpm, &second))
        error_set(err, first.code, "%.480s (and: %.480s)", first.message, second.message);
    return false;
}
