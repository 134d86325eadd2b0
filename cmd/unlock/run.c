/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <string.h>

#include "activate.h"
#include "clock.h"
#include "extend.h"
#include "unlock.h"

#define TPM_DEVICE "/dev/tpmrm0"
#define TPM_TCTI "device:" TPM_DEVICE
#define TPM_POLL_MILLISECONDS 200

static const struct device_roots system_roots = {.sysfs = "/sys/class/block", .dev = "/dev"};

static struct tpm *wait_for_tpm(struct error *err)
{
    uint64_t deadline = clock_milliseconds() + (uint64_t)RUN_WAIT_SECONDS * 1000;

    while (access(TPM_DEVICE, F_OK) != 0) {
        if (clock_milliseconds() >= deadline) {
            error_set(err, COLDSEAL_TPM, "no TPM: %s did not appear within %d seconds", TPM_DEVICE,
                      RUN_WAIT_SECONDS);
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

static bool unlock_root(const struct options *options, struct tpm *tpm, struct error *err)
{
    bool test = options->action == ACTION_TEST;
    struct cmdline cmdline;
    struct candidates candidates = {0};

    if (!cmdline_read(test ? options->cmdline : "/proc/cmdline", &cmdline, err) ||
        !find_candidates(options, &cmdline, &candidates, err))
        return false;
    OWNED(unlocked) unlocked = unlock_candidates(tpm, &cmdline, &candidates, err);
    if (unlocked == NULL)
        return false;
    /* Before anything of the disk is used: whatever runs from it finds the TPM shut. */
    if (!extend_success(tpm, cmdline.pin, err))
        return false;
    return test ? activate_verify(unlocked, err) : activate_root(unlocked, err);
}

bool run_unlock(const struct options *options, struct error *err)
{
    struct error second = {0};
    /* First of all, since every failure from here on must shut it. */
    OWNED(tpm) tpm = options->tcti != NULL ? tpm_open(options->tcti, err) : wait_for_tpm(err);

    if (tpm == NULL)
        return false;
    if (unlock_root(options, tpm, err))
        return true;
    if (!extend_failure(tpm, &second)) {
        struct error first = *err;
        error_set(err, first.code, "%.480s (and: %.480s)", first.message, second.message);
    }
    return false;
}
