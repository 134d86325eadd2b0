/* SPDX-License-Identifier: Apache-2.0 */
/* A TPM that can be reached, through tpm2-tss (ESYS). */
#ifndef SEAL_TPM_H
#define SEAL_TPM_H

#include "core/secret.h"
#include "measure/pcr.h"
#include "seal/duplicate.h"
#include "seal/target.h"

struct tpm;

/* `tcti` as for TSS2's tctildr ("device:/dev/tpmrm0", "swtpm:path=…"); NULL is the resource-managed
 * device. COLDSEAL_TPM: nothing answers there ("no TPM at …"). tpm2-tss is kept silent, by setting
 * TSS2_LOG in this process where nobody did (see tss_quiet.h). */
struct tpm *tpm_open(const char *tcti, struct error *err);
void tpm_free(struct tpm *tpm);
DEFINE_OWNED(tpm);

/* The storage key, EK and what the TPM says of itself: the persisted SRK at SRK_HANDLE where there
 * is one, else recreated from the ECC P-256 template. */
struct target *tpm_read_target(struct tpm *tpm, struct error *err);

/* Import, load, PolicyPCR and unseal, in a session that is salted by the storage key and encrypts
 * the answer. `parent` is the key the blob was made for: it is taken from SRK_HANDLE or recreated
 * from its template, and its Name must be that of parent->storage_key (parent->name is not looked
 * at). COLDSEAL_TPM; the message begins with "another TPM" (Name differs, or import fails), "PCR 15
 * is already extended" or "another boot" (policy fails; both name the PCRs of the mask).
 * COLDSEAL_BAD_IMAGE for bytes that are no such structures. */
struct secret *tpm_unseal(struct tpm *tpm, const struct target *parent,
                          const struct duplicate *blob, uint32_t pcr_mask, struct error *err);

bool tpm_read_pcrs(struct tpm *tpm, uint32_t mask, struct pcr_values *values, struct error *err);
/* Extends one PCR's SHA-256 bank with `digest`; every other active bank with the digest of `digest`
 * in its own algorithm, so that no bank stays at its old value. */
bool tpm_extend(struct tpm *tpm, uint32_t pcr, const uint8_t digest[32], struct error *err);

/* Starts the swtpm of PATH on a private copy of `state_dir`, reads the target, ends it. The folder
 * is not written to. COLDSEAL_IO without a state, COLDSEAL_UNSUPPORTED without swtpm, COLDSEAL_TPM
 * for a state that swtpm does not take. */
struct target *swtpm_state_read_target(const char *state_dir, struct error *err);

#endif
