/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/tpm.h"

#include <stdio.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "seal/tpm_esys.h"
#include "seal/tss_quiet.h"

#define DEFAULT_TCTI "device:/dev/tpmrm0"
/* TPM 2.0 part 2, 6.6.2: format-one codes carry the number of a handle, session or parameter. */
#define RC_FORMAT_ONE_MASK ((TSS2_RC)(TPM2_RC_FMT1 | 0x3f))

bool tpm_error(TSS2_RC rc, const char *what, struct error *err)
{
    return error_set(err, COLDSEAL_TPM, "%s: %s", what, Tss2_RC_Decode(rc));
}

bool tpm_rc_is(TSS2_RC rc, TSS2_RC code)
{
    /* TPM answers keep their value below the layer, also behind a resource manager. */
    TSS2_RC answer = rc & 0xffff;

    return (answer & TPM2_RC_FMT1) != 0 ? (answer & RC_FORMAT_ONE_MASK) == code : answer == code;
}

void tpm_object_release(struct tpm_object *object)
{
    if (object->handle == ESYS_TR_NONE || object->tpm == NULL)
        return;
    if (object->persistent)
        Esys_TR_Close(object->tpm->esys, &object->handle);
    else
        Esys_FlushContext(object->tpm->esys, object->handle);
    object->handle = ESYS_TR_NONE;
}

bool tpm_property(struct tpm *tpm, uint32_t property, uint32_t *value, struct error *err)
{
    OWNED_ESYS(TPMS_CAPABILITY_DATA) data = NULL;
    TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_TPM_PROPERTIES, property, 1, NULL, &data);

    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "the TPM does not answer", err);
    const TPML_TAGGED_TPM_PROPERTY *list = &data->data.tpmProperties;
    if (list->count < 1 || list->tpmProperty[0].property != property)
        return error_set(err, COLDSEAL_TPM, "the TPM does not tell its property 0x%x", property);
    *value = list->tpmProperty[0].value;
    return true;
}

static bool tpm_connect(struct tpm *tpm, struct error *err)
{
    uint32_t family;
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tpm->name, &tpm->tcti);

    if (rc != TSS2_RC_SUCCESS)
        return error_set(err, COLDSEAL_TPM, "no TPM at %s: %s", tpm->name, Tss2_RC_Decode(rc));
    rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    if (rc != TSS2_RC_SUCCESS)
        return error_set(err, COLDSEAL_TPM, "no TPM at %s: %s", tpm->name, Tss2_RC_Decode(rc));
    return tpm_property(tpm, TPM2_PT_FAMILY_INDICATOR, &family, err) ||
           error_wrap(err, "no TPM at %s", tpm->name);
}

struct tpm *tpm_open(const char *tcti, struct error *err)
{
    OWNED(tpm) tpm = calloc(1, sizeof(*tpm));

    tss_quiet();
    if (tpm == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (tcti == NULL)
        tcti = DEFAULT_TCTI;
    if ((size_t)snprintf(tpm->name, sizeof(tpm->name), "%s", tcti) >= sizeof(tpm->name)) {
        error_set(err, COLDSEAL_USAGE, "the TCTI's name is longer than %zu characters",
                  sizeof(tpm->name) - 1);
        return NULL;
    }
    return tpm_connect(tpm, err) ? TAKE(tpm) : NULL;
}

void tpm_free(struct tpm *tpm)
{
    if (tpm == NULL)
        return;
    if (tpm->esys != NULL)
        Esys_Finalize(&tpm->esys);
    if (tpm->tcti != NULL)
        Tss2_TctiLdr_Finalize(&tpm->tcti);
    free(tpm);
}
