/* SPDX-License-Identifier: Apache-2.0 */
#include "extend.h"

#include <string.h>

#include "core/digest.h"

bool extend_success(struct tpm *tpm, const uint8_t pin[32], struct error *err)
{
    return tpm_extend(tpm, EXTEND_PCR, pin, err) || error_wrap(err, "shut the TPM");
}

bool extend_failure(struct tpm *tpm, struct error *err)
{
    uint8_t value[32];

    if (!digest_bytes(DIGEST_SHA256, EXTEND_FAILURE_TEXT, strlen(EXTEND_FAILURE_TEXT), value, err))
        return false;
    return tpm_extend(tpm, EXTEND_PCR, value, err) || error_wrap(err, "shut the TPM");
}
