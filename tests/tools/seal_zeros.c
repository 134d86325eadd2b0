/* SPDX-License-Identifier: Apache-2.0 */
/* Coordinates that begin with a zero byte are where a point's encoding goes wrong, one time in 256.
 * Makes keys in the TPM of argv[1] until one has such an x and persists it as storage key; then
 * wraps secrets to it until the ephemeral key has such an x too, and lets the TPM unseal that. */
#include <stdio.h>
#include <string.h>

#include "seal/policy.h"
#include "seal/public.h"
#include "seal/tpm_esys.h"

#define TRIES 4000
/* Size of TPM2B_ENCRYPTED_SECRET, size of x: then x itself */
#define EPHEMERAL_X_OFFSET 4

static bool begins_with_zero(const TPM2B_ECC_PARAMETER *x)
{
    return x->size < 32 || x->buffer[0] == 0;
}

static bool key_persist(struct tpm *tpm, struct error *err)
{
    for (int i = 0; i < TRIES; i++) {
        OWNED_TPM_OBJECT key = {.handle = ESYS_TR_NONE};
        TPM2B_PUBLIC template, public;
        ESYS_TR persisted;

        public_srk_template(&template);
        template.publicArea.unique.ecc.x.size = sizeof(i);
        memcpy(template.publicArea.unique.ecc.x.buffer, &i, sizeof(i));
        if (!tpm_key_primary(tpm, &template, &key, &public, err))
            return false;
        if (!begins_with_zero(&public.publicArea.unique.ecc.x))
            continue;
        TSS2_RC rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, key.handle, ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE, ESYS_TR_NONE, SRK_HANDLE, &persisted);
        if (rc != TSS2_RC_SUCCESS)
            return tpm_error(rc, "persist a key", err);
        printf("key %d: x has %u bytes\n", i, public.publicArea.unique.ecc.x.size);
        Esys_TR_Close(tpm->esys, &persisted);
        return true;
    }
    return error_set(err, COLDSEAL_BUG, "no key begins with a zero");
}

static struct duplicate *duplicate_with_zero(const struct target *target,
                                             const struct secret *secret, const uint8_t digest[32],
                                             struct error *err)
{
    for (int i = 0; i < TRIES; i++) {
        OWNED(duplicate) duplicate = duplicate_seal(target, secret, digest, err);

        if (duplicate == NULL)
            return NULL;
        if (duplicate->encrypted_seed->data[EPHEMERAL_X_OFFSET] == 0) {
            printf("ephemeral key %d\n", i);
            return TAKE(duplicate);
        }
    }
    error_set(err, COLDSEAL_BUG, "no ephemeral key begins with a zero");
    return NULL;
}

static bool run(struct tpm *tpm, struct error *err)
{
    const uint32_t mask = 1u << 16;
    const struct pcr_values values = {.known = mask};
    uint8_t digest[32];

    if (!key_persist(tpm, err) || !policy_pcr_digest(&values, mask, digest, err))
        return false;
    OWNED(target) target = tpm_read_target(tpm, err);
    OWNED(secret) secret = secret_random(32, err);
    if (target == NULL || secret == NULL)
        return false;
    OWNED(duplicate) duplicate = duplicate_with_zero(target, secret, digest, err);
    OWNED(secret)
    back = duplicate == NULL ? NULL : tpm_unseal(tpm, target, duplicate, mask, err);
    if (back == NULL)
        return false;
    return secret_equal(secret, back) || error_set(err, COLDSEAL_BUG, "another secret came back");
}

int main(int argc, char **argv)
{
    struct error err = {0};
    OWNED(tpm) tpm = argc == 2 ? tpm_open(argv[1], &err) : NULL;

    if (tpm != NULL && run(tpm, &err))
        return EXIT_SUCCESS;
    fprintf(stderr, "seal_zeros: %s\n", err.message);
    return EXIT_FAILURE;
}
