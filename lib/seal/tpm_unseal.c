/* SPDX-License-Identifier: Apache-2.0 */
/* Import, load, policy, unseal; and a failure's cause in words. */
#include <openssl/crypto.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "seal/policy.h"
#include "seal/public.h"
#include "seal/tpm_esys.h"

#define PCR_OF_UNLOCK 15u

/* The parts of a duplicate as ESYS takes them. */
struct blob {
    TPM2B_PUBLIC public;
    TPM2B_PRIVATE private;
    TPM2B_ENCRYPTED_SECRET seed;
};

static bool blob_parse(const struct duplicate *duplicate, struct blob *blob, struct error *err)
{
    size_t private_used = 0, seed_used = 0;

    *blob = (struct blob){0};
    if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(duplicate->private->data, duplicate->private->size,
                                        &private_used, &blob->private) != TSS2_RC_SUCCESS ||
        private_used != duplicate->private->size ||
        Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(duplicate->encrypted_seed->data,
                                                 duplicate->encrypted_seed->size, &seed_used,
                                                 &blob->seed) != TSS2_RC_SUCCESS ||
        seed_used != duplicate->encrypted_seed->size)
        return error_set(err, COLDSEAL_BAD_IMAGE, "the sealed key is malformed");
    return public_parse(duplicate->public->data, duplicate->public->size, &blob->public, err) ||
           error_wrap(err, "the sealed key");
}

static bool blob_load(struct tpm *tpm, const struct tpm_object *parent, const struct blob *blob,
                      struct tpm_object *object, struct error *err)
{
    const TPMT_SYM_DEF_OBJECT no_inner_wrap = {.algorithm = TPM2_ALG_NULL};
    OWNED_ESYS(TPM2B_PRIVATE) private = NULL;

    *object = (struct tpm_object){.tpm = tpm, .handle = ESYS_TR_NONE};
    TSS2_RC rc =
        Esys_Import(tpm->esys, parent->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                    &blob->public, &blob->private, &blob->seed, &no_inner_wrap, &private);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(
            rc, "another TPM, or a damaged sealed key: the storage key does not import it", err);
    rc = Esys_Load(tpm->esys, parent->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, private,
                   &blob->public, &object->handle);
    return rc == TSS2_RC_SUCCESS || tpm_error(rc, "load the sealed key", err);
}

static bool unlock_has_run(struct tpm *tpm)
{
    const uint8_t zero[32] = {0};
    struct pcr_values values;
    struct error ignored = {0};

    return tpm_read_pcrs(tpm, 1u << PCR_OF_UNLOCK, &values, &ignored) &&
           memcmp(values.sha256[PCR_OF_UNLOCK], zero, sizeof(zero)) != 0;
}

static bool policy_differs(struct tpm *tpm, uint32_t mask, struct error *err)
{
    char pcrs[64];

    pcr_mask_format(mask, pcrs);
    if ((mask & 1u << PCR_OF_UNLOCK) != 0 && unlock_has_run(tpm))
        return error_set(err, COLDSEAL_TPM,
                         "PCR %u is already extended: an unlock ran since the machine was reset, "
                         "and a second one is refused until the next reset (policy over PCRs %s)",
                         PCR_OF_UNLOCK, pcrs);
    return error_set(err, COLDSEAL_TPM,
                     "another boot: this boot's PCRs are not those that the key was sealed to "
                     "(policy over PCRs %s)",
                     pcrs);
}

static bool policy_satisfy(struct tpm *tpm, const struct tpm_object *session, uint32_t mask,
                           const TPM2B_DIGEST *expected, struct error *err)
{
    TPML_PCR_SELECTION selection;
    OWNED_ESYS(TPM2B_DIGEST) digest = NULL;

    policy_pcr_selection(mask, &selection);
    TSS2_RC rc = Esys_PolicyPCR(tpm->esys, session->handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                ESYS_TR_NONE, NULL, &selection);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_PolicyGetDigest(tpm->esys, session->handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                  ESYS_TR_NONE, &digest);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "PolicyPCR", err);
    /* Not a protection, the TPM's own check is one: it is how the cause is known. */
    return (digest->size == expected->size &&
            memcmp(digest->buffer, expected->buffer, digest->size) == 0) ||
           policy_differs(tpm, mask, err);
}

static struct secret *object_unseal(struct tpm *tpm, const struct tpm_object *object,
                                    const struct tpm_object *session, uint32_t mask,
                                    struct error *err)
{
    OWNED_ESYS(TPM2B_SENSITIVE_DATA) data = NULL;
    TSS2_RC rc =
        Esys_Unseal(tpm->esys, object->handle, session->handle, ESYS_TR_NONE, ESYS_TR_NONE, &data);

    if (tpm_rc_is(rc, TPM2_RC_POLICY_FAIL) || tpm_rc_is(rc, TPM2_RC_PCR_CHANGED)) {
        policy_differs(tpm, mask, err);
        return NULL;
    }
    if (rc != TSS2_RC_SUCCESS) {
        tpm_error(rc, "unseal", err);
        return NULL;
    }
    struct secret *secret = secret_copy(data->buffer, data->size, err);
    OPENSSL_cleanse(data, sizeof(*data));
    return secret;
}

struct secret *tpm_unseal(struct tpm *tpm, const struct target *parent,
                          const struct duplicate *blob, uint32_t pcr_mask, struct error *err)
{
    struct blob parsed;
    OWNED_TPM_OBJECT key = {.handle = ESYS_TR_NONE};
    OWNED_TPM_OBJECT object = {.handle = ESYS_TR_NONE};
    OWNED_TPM_OBJECT session = {.handle = ESYS_TR_NONE};

    if (!blob_parse(blob, &parsed, err) || !tpm_key_parent(tpm, parent, &key, err) ||
        !blob_load(tpm, &key, &parsed, &object, err) ||
        !tpm_session_policy(tpm, &key, &session, err) ||
        !policy_satisfy(tpm, &session, pcr_mask, &parsed.public.publicArea.authPolicy, err))
        return NULL;
    return object_unseal(tpm, &object, &session, pcr_mask, err);
}
