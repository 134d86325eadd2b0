/* SPDX-License-Identifier: Apache-2.0 */
/* PCR 15 is part of the policy with the value it has at power-on: extending it once shuts the TPM
 * for the rest of this boot, whoever asks. */
#ifndef UNLOCK_EXTEND_H
#define UNLOCK_EXTEND_H

#include "seal/tpm.h"

#define EXTEND_PCR 15
#define EXTEND_FAILURE_TEXT "coldseal: unlock failed"

/* With the pin: systemd's measurement of the volume key. */
bool extend_success(struct tpm *tpm, const uint8_t pin[32], struct error *err);
/* With the SHA-256 of EXTEND_FAILURE_TEXT. */
bool extend_failure(struct tpm *tpm, struct error *err);

#endif
