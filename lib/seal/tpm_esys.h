/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that talk to a TPM share. */
#ifndef SEAL_TPM_ESYS_H
#define SEAL_TPM_ESYS_H

#include <tss2/tss2_esys.h>

#include "seal/tpm.h"

struct tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    char name[96]; /* its TCTI */
};

/* COLDSEAL_TPM: "what: " and the meaning of `rc`. */
bool tpm_error(TSS2_RC rc, const char *what, struct error *err);
/* The TPM's own code is `code`, whichever handle or parameter it speaks of. */
bool tpm_rc_is(TSS2_RC rc, TSS2_RC code);

/* An object or session in the TPM that is given back when the variable goes out of scope. */
struct tpm_object {
    struct tpm *tpm;
    ESYS_TR handle; /* ESYS_TR_NONE: nothing */
    bool persistent;
};
void tpm_object_release(struct tpm_object *object);
#define OWNED_TPM_OBJECT __attribute__((cleanup(tpm_object_release))) struct tpm_object

static inline void tpm_esys_free_cleanup(void *p)
{
    Esys_Free(*(void **)p);
}
/* Memory that ESYS handed out. */
#define OWNED_ESYS(type) __attribute__((cleanup(tpm_esys_free_cleanup))) type *

/* One property of TPM2_CAP_TPM_PROPERTIES. */
bool tpm_property(struct tpm *tpm, uint32_t property, uint32_t *value, struct error *err);

/* The key at a persistent handle. Without one there, true and `object` stays empty. */
bool tpm_key_persisted(struct tpm *tpm, uint32_t handle, struct tpm_object *object,
                       TPM2B_PUBLIC *public, struct error *err);
/* A primary key of the owner hierarchy from a template. */
bool tpm_key_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, struct tpm_object *object,
                     TPM2B_PUBLIC *public, struct error *err);
/* The very key that `parent` describes: persisted or made again. COLDSEAL_TPM when this TPM does
 * not have it. */
bool tpm_key_parent(struct tpm *tpm, const struct target *parent, struct tpm_object *object,
                    struct error *err);

/* A policy session salted by `key`, whose answers are encrypted. */
bool tpm_session_policy(struct tpm *tpm, const struct tpm_object *key, struct tpm_object *session,
                        struct error *err);

#endif
