/* SPDX-License-Identifier: Apache-2.0 */
/* From candidates to the one volume key that the measured command line promised. */
#ifndef UNLOCK_UNLOCK_H
#define UNLOCK_UNLOCK_H

#include "cmdline.h"
#include "crypt/luks2.h"
#include "device.h"
#include "seal/tpm.h"

/* A hostile header may hold as many tokens and as costly keyslots as the validator lets through;
 * no further one is tried after this time. */
#define UNLOCK_BUDGET_SECONDS 120

struct unlocked {
    struct candidate candidate;
    struct luks2_header *header; /* validated; the only form of it that is used from here on */
    struct secret *volume_key;   /* its pin is the command line's */
};

void unlocked_free(struct unlocked *unlocked);
DEFINE_OWNED(unlocked);

/* Tries every token of every candidate. On failure the error is that of the attempt that got
 * furthest. */
struct unlocked *unlock_candidates(struct tpm *tpm, const struct cmdline *cmdline,
                                   const struct candidates *candidates, struct error *err);
/* The same with a recovery key in place of the TPM: keyslots of systemd-recovery tokens. */
struct unlocked *unlock_by_recovery_key(const struct secret *recovery_key,
                                        const struct cmdline *cmdline,
                                        const struct candidates *candidates, struct error *err);

#endif
