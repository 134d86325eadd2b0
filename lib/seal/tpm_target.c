/* SPDX-License-Identifier: Apache-2.0 */
/* What a TPM has to say for itself as a target. */
#include <ctype.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "core/checked.h"
#include "seal/public.h"
#include "seal/target_new.h"
#include "seal/tpm_esys.h"

#define CERTIFICATE_LIMIT_BYTES ((size_t)8 << 10)
/* TPM2_PT_NV_BUFFER_MAX is at least this in the PC Client profile. */
#define NV_READ_BYTES 512

/* Where an endorsement key is usually persisted, and the NV index of its certificate: TCG EK
 * Credential Profile 2.5, 2.2.1.4 (indices); handles as swtpm_setup and others choose them. */
static const struct {
    uint32_t handle;
    uint32_t nv_index;
} endorsement_keys[] = {
    {0x8101000a, 0x01c0000a},                           /* ECC P-256 */
    {0x81010002, 0x01c0000a}, {0x81010016, 0x01c00016}, /* ECC P-384 */
    {0x81010001, 0x01c00002},                           /* RSA-2048 */
    {0x8101001c, 0x01c0001c},                           /* RSA-3072 */
};
#define ENDORSEMENT_KEYS (sizeof(endorsement_keys) / sizeof(endorsement_keys[0]))

static bool read_storage_key(struct tpm *tpm, TPM2B_PUBLIC *public, bool *persisted,
                             struct error *err)
{
    OWNED_TPM_OBJECT key = {.handle = ESYS_TR_NONE};
    TPM2B_PUBLIC template;

    if (!tpm_key_persisted(tpm, SRK_HANDLE, &key, public, err))
        return false;
    *persisted = key.handle != ESYS_TR_NONE;
    if (*persisted)
        return true;
    public_srk_template(&template);
    return tpm_key_primary(tpm, &template, &key, public, err);
}

static TSS2_RC nv_read_chunks(struct tpm *tpm, ESYS_TR index, struct bytes *out)
{
    for (size_t done = 0; done < out->size;) {
        OWNED_ESYS(TPM2B_MAX_NV_BUFFER) chunk = NULL;
        uint16_t size = (uint16_t)min_u64(NV_READ_BYTES, out->size - done);
        TSS2_RC rc = Esys_NV_Read(tpm->esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                  ESYS_TR_NONE, size, (uint16_t)done, &chunk);
        if (rc != TSS2_RC_SUCCESS)
            return rc;
        if (chunk->size != size)
            return TSS2_ESYS_RC_MALFORMED_RESPONSE;
        memcpy(out->data + done, chunk->buffer, size);
        done += size;
    }
    return TSS2_RC_SUCCESS;
}

/* The DER certificate in `raw`, without the fill that some makers put behind it; NULL for none. */
static struct bytes *certificate_trim(const struct bytes *raw, struct error *err)
{
    const unsigned char *end = raw->data;
    X509 *certificate = d2i_X509(NULL, &end, (long)raw->size);

    if (certificate == NULL)
        return NULL;
    X509_free(certificate);
    return bytes_copy(raw->data, (size_t)(end - raw->data), err);
}

static struct bytes *nv_certificate(struct tpm *tpm, ESYS_TR index, struct error *err)
{
    OWNED_ESYS(TPM2B_NV_PUBLIC) public = NULL;

    if (Esys_NV_ReadPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public,
                           NULL) != TSS2_RC_SUCCESS ||
        public->nvPublic.dataSize == 0 || public->nvPublic.dataSize > CERTIFICATE_LIMIT_BYTES)
        return NULL;
    OWNED(bytes) raw = bytes_new(public->nvPublic.dataSize, err);
    if (raw == NULL || nv_read_chunks(tpm, index, raw) != TSS2_RC_SUCCESS)
        return NULL;
    return certificate_trim(raw, err);
}

/* Nothing hangs on a certificate here, so one that cannot be read counts as absent. */
static void read_certificate(struct tpm *tpm, uint32_t nv_index, struct target *target)
{
    struct error ignored = {0};
    OWNED_TPM_OBJECT index = {.tpm = tpm, .handle = ESYS_TR_NONE, .persistent = true};

    if (Esys_TR_FromTPMPublic(tpm->esys, nv_index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              &index.handle) != TSS2_RC_SUCCESS)
        return;
    target->ek_certificate = nv_certificate(tpm, index.handle, &ignored);
}

static bool read_endorsement_key(struct tpm *tpm, uint32_t handle, struct target *target,
                                 struct error *err)
{
    OWNED_TPM_OBJECT key = {.handle = ESYS_TR_NONE};
    TPM2B_PUBLIC public;

    if (!tpm_key_persisted(tpm, handle, &key, &public, err))
        return false;
    if (key.handle == ESYS_TR_NONE)
        return true;
    target->ek_public = public_marshal(&public, err);
    return target->ek_public != NULL;
}

/* The first persisted endorsement key with its certificate; else the first certificate. */
static bool read_endorsement(struct tpm *tpm, struct target *target, struct error *err)
{
    for (size_t i = 0; i < ENDORSEMENT_KEYS && target->ek_public == NULL; i++) {
        if (!read_endorsement_key(tpm, endorsement_keys[i].handle, target, err))
            return false;
        if (target->ek_public != NULL)
            read_certificate(tpm, endorsement_keys[i].nv_index, target);
    }
    for (size_t i = 0;
         i < ENDORSEMENT_KEYS && target->ek_public == NULL && target->ek_certificate == NULL; i++)
        read_certificate(tpm, endorsement_keys[i].nv_index, target);
    return true;
}

static bool read_manufacturer(struct tpm *tpm, struct target *target, struct error *err)
{
    uint32_t value;

    if (!tpm_property(tpm, TPM2_PT_MANUFACTURER, &value, err))
        return false;
    for (size_t i = 0; i < sizeof(value); i++) {
        char c = (char)(value >> (8 * (sizeof(value) - 1 - i)));
        target->manufacturer[i] = (char)(isprint((unsigned char)c) ? c : '\0');
    }
    return true;
}

static bool read_firmware(struct tpm *tpm, struct target *target, struct error *err)
{
    uint32_t high, low;

    if (!tpm_property(tpm, TPM2_PT_FIRMWARE_VERSION_1, &high, err) ||
        !tpm_property(tpm, TPM2_PT_FIRMWARE_VERSION_2, &low, err))
        return false;
    snprintf(target->firmware, sizeof(target->firmware), "%u.%u.%u.%u", high >> 16, high & 0xffff,
             low >> 16, low & 0xffff);
    return true;
}

struct target *tpm_read_target(struct tpm *tpm, struct error *err)
{
    TPM2B_PUBLIC public;
    bool persisted;
    char origin[sizeof(((struct target *)0)->origin)];

    if (!read_storage_key(tpm, &public, &persisted, err))
        return NULL;
    snprintf(origin, sizeof(origin), "tcti %s", tpm->name);
    OWNED(target) target = target_new(&public, "srk", origin, err);
    if (target == NULL) {
        error_wrap(err, "the key at 0x%08x", SRK_HANDLE);
        return NULL;
    }
    target->persisted = persisted;
    target->handle = persisted ? SRK_HANDLE : 0;
    if (!read_endorsement(tpm, target, err) || !read_manufacturer(tpm, target, err) ||
        !read_firmware(tpm, target, err))
        return NULL;
    return TAKE(target);
}
