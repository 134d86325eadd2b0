/* SPDX-License-Identifier: Apache-2.0 */
/* Storage keys in a TPM: the one that is persisted, or the same key made again. */
#include <stdio.h>
#include <string.h>

#include "core/hex.h"
#include "seal/public.h"
#include "seal/tpm_esys.h"

/* Enough of a Name's digest for a person to tell two apart. */
#define NAME_SHOWN_BYTES 8

bool tpm_key_persisted(struct tpm *tpm, uint32_t handle, struct tpm_object *object,
                       TPM2B_PUBLIC *public, struct error *err)
{
    OWNED_ESYS(TPM2B_PUBLIC) read = NULL;
    OWNED_TPM_OBJECT key = {.tpm = tpm, .handle = ESYS_TR_NONE, .persistent = true};
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       &key.handle);

    object->handle = ESYS_TR_NONE;
    if (tpm_rc_is(rc, TPM2_RC_HANDLE))
        return true;
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_ReadPublic(tpm->esys, key.handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &read,
                             NULL, NULL);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "read a persistent key", err);
    *public = *read;
    *object = key;
    key.handle = ESYS_TR_NONE;
    return true;
}

bool tpm_key_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, struct tpm_object *object,
                     TPM2B_PUBLIC *public, struct error *err)
{
    const TPM2B_SENSITIVE_CREATE no_auth = {0};
    const TPM2B_DATA no_info = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    OWNED_ESYS(TPM2B_PUBLIC) made = NULL;

    *object = (struct tpm_object){.tpm = tpm, .handle = ESYS_TR_NONE};
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_auth, template, &no_info, &no_pcrs,
                                    &object->handle, &made, NULL, NULL, NULL);
    if (rc != TSS2_RC_SUCCESS)
        return tpm_error(rc, "make the storage key again from its template", err);
    *public = *made;
    return true;
}

/* The key that is looked for; its Name is computed, whatever came with it. */
struct wanted {
    TPM2B_PUBLIC public;
    TPM2B_NAME name;
};

static bool name_matches(const TPM2B_PUBLIC *public, const struct wanted *wanted, bool *matches,
                         struct error *err)
{
    TPM2B_NAME name;

    if (!public_name(public, &name, err))
        return false;
    *matches =
        name.size == wanted->name.size && memcmp(name.name, wanted->name.name, name.size) == 0;
    return true;
}

/* What makes a key again is its public area with the template's `unique`: empty, as systemd and
 * tpm2-tools have it, or zeros of the key's length, as in the TCG's templates. */
static void template_of(const TPM2B_PUBLIC *public, bool zeros, TPM2B_PUBLIC *template)
{
    uint16_t bytes = zeros ? (uint16_t)(public_key_bits(public) / 8) : 0;

    *template = *public;
    template->publicArea.unique = (TPMU_PUBLIC_ID){0};
    if (public->publicArea.type == TPM2_ALG_RSA) {
        template->publicArea.unique.rsa.size = bytes;
    } else {
        template->publicArea.unique.ecc.x.size = bytes;
        template->publicArea.unique.ecc.y.size = bytes;
    }
}

/* True and an empty `object` when the TPM has another key in that place. */
static bool try_persisted(struct tpm *tpm, const struct wanted *wanted, struct tpm_object *object,
                          struct error *err)
{
    TPM2B_PUBLIC public;
    bool matches = false;

    if (!tpm_key_persisted(tpm, SRK_HANDLE, object, &public, err))
        return false;
    if (object->handle == ESYS_TR_NONE)
        return true;
    /* Something with an unknown Name algorithm lies there: not the parent. */
    struct error ignored = {0};
    if (!name_matches(&public, wanted, &matches, &ignored) || !matches)
        tpm_object_release(object);
    return true;
}

static bool try_primary(struct tpm *tpm, const struct wanted *wanted, bool zeros,
                        struct tpm_object *object, struct error *err)
{
    TPM2B_PUBLIC template, public;
    bool matches = false;

    template_of(&wanted->public, zeros, &template);
    if (!tpm_key_primary(tpm, &template, object, &public, err) ||
        !name_matches(&public, wanted, &matches, err))
        return false;
    if (!matches)
        tpm_object_release(object);
    return true;
}

static bool another_tpm(const struct wanted *wanted, struct error *err)
{
    char text[2 * NAME_SHOWN_BYTES + 1];

    hex_encode(wanted->name.name + sizeof(TPMI_ALG_HASH), NAME_SHOWN_BYTES, text);
    return error_set(err, COLDSEAL_TPM,
                     "another TPM: it does not have the storage key that was sealed to (Name %s…)",
                     text);
}

bool tpm_key_parent(struct tpm *tpm, const struct target *parent, struct tpm_object *object,
                    struct error *err)
{
    struct wanted wanted;

    *object = (struct tpm_object){.tpm = tpm, .handle = ESYS_TR_NONE};
    if (!public_parse(parent->storage_key->data, parent->storage_key->size, &wanted.public, err) ||
        !public_check_storage_key(&wanted.public, err) ||
        !public_name(&wanted.public, &wanted.name, err) ||
        !try_persisted(tpm, &wanted, object, err))
        return false;
    for (int zeros = 0; zeros <= 1 && object->handle == ESYS_TR_NONE; zeros++) {
        if (!try_primary(tpm, &wanted, zeros != 0, object, err))
            return false;
    }
    return object->handle != ESYS_TR_NONE || another_tpm(&wanted, err);
}
