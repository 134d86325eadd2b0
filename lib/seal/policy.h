/* SPDX-License-Identifier: Apache-2.0 */
/* Policy digests, computed offline. TPM 2.0 Library 1.59, part 3, clause 23.7 (TPM2_PolicyPCR). */
#ifndef SEAL_POLICY_H
#define SEAL_POLICY_H

#include <tss2/tss2_tpm2_types.h>

#include "measure/pcr.h"

/* Every PCR of `mask` must be known (COLDSEAL_TPM, names the missing one); an empty mask is
 * COLDSEAL_USAGE. */
bool policy_pcr_digest(const struct pcr_values *values, uint32_t mask, uint8_t digest[32],
                       struct error *err);

/* The SHA-256 bank's PCRs of `mask`, as TPM2_PolicyPCR takes them. */
void policy_pcr_selection(uint32_t mask, TPML_PCR_SELECTION *selection);

#endif
