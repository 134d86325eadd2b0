/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/digest.h"
#include "seal/policy.h"
#include "seal/tpm_esys.h"

static uint32_t selection_mask(const TPML_PCR_SELECTION *selection)
{
    uint32_t mask = 0;

    if (selection->count != 1 || selection->pcrSelections[0].hash != TPM2_ALG_SHA256)
        return 0;
    for (unsigned i = 0; i < 3 && i < selection->pcrSelections[0].sizeofSelect; i++)
        mask |= (uint32_t)selection->pcrSelections[0].pcrSelect[i] << (8 * i);
    return mask;
}

/* Stores the digests of one answer, which come in the order of the PCRs. */
static bool values_store(uint32_t mask, const TPML_DIGEST *digests, struct pcr_values *values)
{
    uint32_t next = 0;

    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
        if ((mask & 1u << pcr) == 0)
            continue;
        if (next >= digests->count || digests->digests[next].size != sizeof(values->sha256[pcr]))
            return false;
        memcpy(values->sha256[pcr], digests->digests[next++].buffer, sizeof(values->sha256[pcr]));
        values->known |= 1u << pcr;
    }
    return true;
}

/* A TPM gives a few values at a time (part 3, 22.4); what it gave is taken out of `*left`. */
static bool read_some(struct tpm *tpm, uint32_t *left, struct pcr_values *values, struct error *err)
{
    TPML_PCR_SELECTION wanted;
    OWNED_ESYS(TPML_PCR_SELECTION) given = NULL;
    OWNED_ESYS(TPML_DIGEST) digests = NULL;

    policy_pcr_selection(*left, &wanted);
    TSS2_RC rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, NULL,
                               &given, &digests);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "read PCRs", err);
    uint32_t mask = selection_mask(given) & *left;
    if (mask == 0 || !values_store(mask, digests, values))
        return error_set(err, COLDSEAL_TPM, "read PCRs: the TPM has no active SHA-256 bank");
    *left &= ~mask;
    return true;
}

bool tpm_read_pcrs(struct tpm *tpm, uint32_t mask, struct pcr_values *values, struct error *err)
{
    struct pcr_values read = {0};
    uint32_t left = mask;

    if (mask >> PCR_COUNT != 0)
        return error_set(err, COLDSEAL_USAGE, "there are %d PCRs", PCR_COUNT);
    while (left != 0) {
        if (!read_some(tpm, &left, &read, err))
            return false;
    }
    *values = read;
    return true;
}

static bool bank_is_active(const TPMS_PCR_SELECTION *bank)
{
    for (unsigned i = 0; i < bank->sizeofSelect && i < sizeof(bank->pcrSelect); i++) {
        if (bank->pcrSelect[i] != 0)
            return true;
    }
    return false;
}

static bool bank_is_known(TPM2_ALG_ID bank)
{
    return bank == TPM2_ALG_SM3_256 || digest_size((enum digest_algorithm)bank) != 0;
}

static bool bank_value(TPM2_ALG_ID bank, const uint8_t digest[32], TPMT_HA *value,
                       struct error *err)
{
    value->hashAlg = bank;
    if (bank == TPM2_ALG_SHA256 || bank == TPM2_ALG_SM3_256) {
        /* SM3 is not in every OpenSSL; any value moves that bank on. */
        memcpy(value->digest.sha256, digest, 32);
        return true;
    }
    return digest_bytes((enum digest_algorithm)bank, digest, 32, (uint8_t *)&value->digest, err);
}

/* A bank of an unknown algorithm is left out, and `*unknown` names it: that the others move on must
 * not depend on it. */
static bool values_for_banks(const TPML_PCR_SELECTION *banks, const uint8_t digest[32],
                             TPML_DIGEST_VALUES *values, TPM2_ALG_ID *unknown, struct error *err)
{
    values->count = 0;
    *unknown = 0;
    for (uint32_t i = 0; i < banks->count && i < TPM2_NUM_PCR_BANKS; i++) {
        TPM2_ALG_ID bank = banks->pcrSelections[i].hash;
        if (!bank_is_active(&banks->pcrSelections[i]))
            continue;
        if (!bank_is_known(bank))
            *unknown = bank;
        else if (!bank_value(bank, digest, &values->digests[values->count++], err))
            return false;
    }
    return values->count > 0 || error_set(err, COLDSEAL_TPM, "the TPM has no active PCR bank");
}

bool tpm_extend(struct tpm *tpm, uint32_t pcr, const uint8_t digest[32], struct error *err)
{
    OWNED_ESYS(TPMS_CAPABILITY_DATA) banks = NULL;
    TPML_DIGEST_VALUES values = {0};
    TPM2_ALG_ID unknown;

    if (pcr >= PCR_COUNT)
        return error_set(err, COLDSEAL_USAGE, "there is no PCR %u", pcr);
    TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_PCRS, 0, 1, NULL, &banks);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "list the PCR banks", err);
    if (!values_for_banks(&banks->data.assignedPCR, digest, &values, &unknown, err))
        return false;
    rc = Esys_PCR_Extend(tpm->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                         ESYS_TR_NONE, &values);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "extend a PCR", err);
    return unknown == 0 || error_set(err, COLDSEAL_TPM,
                                     "the TPM has a PCR bank of unknown algorithm 0x%x", unknown);
}
