/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/tpm_esys.h"

bool tpm_session_policy(struct tpm *tpm, const struct tpm_object *key, struct tpm_object *session,
                        struct error *err)
{
    const TPMT_SYM_DEF aes = {
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    const TPMA_SESSION attributes = TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;

    *session = (struct tpm_object){.tpm = tpm, .handle = ESYS_TR_NONE};
    TSS2_RC rc = Esys_StartAuthSession(tpm->esys, key->handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &aes,
                                       TPM2_ALG_SHA256, &session->handle);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_TRSess_SetAttributes(tpm->esys, session->handle, attributes, 0xff);
    return rc == TSS2_RC_SUCCESS || tpm_error(rc, "start a session", err);
}
