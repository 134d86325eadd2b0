/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/policy.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "core/digest.h"
#include "core/writer.h"
#include "seal/tss_quiet.h"

#define PCR_SELECT_BYTES 3
#define COMMAND_BYTES sizeof(TPM2_CC)

void policy_pcr_selection(uint32_t mask, TPML_PCR_SELECTION *selection)
{
    *selection = (TPML_PCR_SELECTION){.count = 1};
    selection->pcrSelections[0].hash = TPM2_ALG_SHA256;
    selection->pcrSelections[0].sizeofSelect = PCR_SELECT_BYTES;
    for (unsigned i = 0; i < PCR_SELECT_BYTES; i++)
        selection->pcrSelections[0].pcrSelect[i] = (uint8_t)(mask >> (8 * i));
}

/* TPM 2.0 part 1, 18.7 (pcrDigest): the values in the order of their numbers. */
static bool values_digest(const struct pcr_values *values, uint32_t mask, uint8_t out[32],
                          struct error *err)
{
    uint8_t joined[sizeof(values->sha256)];
    struct writer w = writer_over(joined, sizeof(joined));

    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
        if ((mask & 1u << pcr) == 0)
            continue;
        if ((values->known & 1u << pcr) == 0)
            return error_set(err, COLDSEAL_TPM, "the value of PCR %u is not known", pcr);
        write_bytes(&w, values->sha256[pcr], sizeof(values->sha256[pcr]));
    }
    return digest_bytes(DIGEST_SHA256, joined, w.position, out, err);
}

/* policyDigest_new = H(policyDigest_old || TPM_CC_PolicyPCR || pcrs || digestTPM) */
bool policy_pcr_digest(const struct pcr_values *values, uint32_t mask, uint8_t digest[32],
                       struct error *err)
{
    uint8_t message[32 + COMMAND_BYTES + sizeof(TPML_PCR_SELECTION) + 32] = {0};
    size_t used = 32; /* a policy starts as zeros */
    TPML_PCR_SELECTION selection;
    uint8_t pcr_digest[32];

    tss_quiet();
    if (mask == 0 || mask >> PCR_COUNT != 0)
        return error_set(err, COLDSEAL_USAGE, "a policy needs at least one PCR, from 0 to %d",
                         PCR_COUNT - 1);
    policy_pcr_selection(mask, &selection);
    if (!values_digest(values, mask, pcr_digest, err))
        return false;
    if (Tss2_MU_TPM2_CC_Marshal(TPM2_CC_PolicyPCR, message, sizeof(message), &used) != 0 ||
        Tss2_MU_TPML_PCR_SELECTION_Marshal(&selection, message, sizeof(message), &used) != 0 ||
        used > sizeof(message) - sizeof(pcr_digest))
        return error_set(err, COLDSEAL_BUG, "a PCR selection cannot be marshalled");
    memcpy(message + used, pcr_digest, sizeof(pcr_digest));
    return digest_bytes(DIGEST_SHA256, message, used + sizeof(pcr_digest), digest, err);
}
