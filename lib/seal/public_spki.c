/* SPDX-License-Identifier: Apache-2.0 */
/* A storage key given as a bare SubjectPublicKeyInfo, completed with the SRK template. */
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <string.h>

#include "seal/public.h"

#define P256_BYTES 32
#define RSA2048_BYTES 256
#define RSA_EXPONENT 65537

static inline void evp_pkey_cleanup(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void bignum_cleanup(BIGNUM **number)
{
    BN_free(*number);
}

static void template_common(TPMT_PUBLIC *area, TPM2_ALG_ID type, TPMT_SYM_DEF_OBJECT *symmetric)
{
    area->type = type;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = SRK_ATTRIBUTES;
    symmetric->algorithm = TPM2_ALG_AES;
    symmetric->keyBits.aes = 128;
    symmetric->mode.aes = TPM2_ALG_CFB;
}

void public_srk_template(TPM2B_PUBLIC *public)
{
    TPMT_PUBLIC *area = &public->publicArea;
    TPMS_ECC_PARMS *parms = &area->parameters.eccDetail;

    *public = (TPM2B_PUBLIC){0};
    template_common(area, TPM2_ALG_ECC, &parms->symmetric);
    parms->scheme.scheme = TPM2_ALG_NULL;
    parms->curveID = TPM2_ECC_NIST_P256;
    parms->kdf.scheme = TPM2_ALG_NULL;
}

static void rsa_template(TPM2B_PUBLIC *public)
{
    TPMT_PUBLIC *area = &public->publicArea;
    TPMS_RSA_PARMS *parms = &area->parameters.rsaDetail;

    *public = (TPM2B_PUBLIC){0};
    template_common(area, TPM2_ALG_RSA, &parms->symmetric);
    parms->scheme.scheme = TPM2_ALG_NULL;
    parms->keyBits = 8 * RSA2048_BYTES;
    parms->exponent = 0;
}

static bool param_to_bytes(const EVP_PKEY *key, const char *name, uint8_t *out, int size)
{
    __attribute__((cleanup(bignum_cleanup))) BIGNUM *number = NULL;

    return EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
           BN_bn2binpad(number, out, size) == size;
}

static bool fill_ecc(const EVP_PKEY *key, TPM2B_PUBLIC *public)
{
    char group[64];
    TPMS_ECC_POINT *point = &public->publicArea.unique.ecc;

    public_srk_template(public);
    point->x.size = P256_BYTES;
    point->y.size = P256_BYTES;
    return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0 &&
           param_to_bytes(key, OSSL_PKEY_PARAM_EC_PUB_X, point->x.buffer, P256_BYTES) &&
           param_to_bytes(key, OSSL_PKEY_PARAM_EC_PUB_Y, point->y.buffer, P256_BYTES);
}

static bool fill_rsa(const EVP_PKEY *key, TPM2B_PUBLIC *public)
{
    TPM2B_PUBLIC_KEY_RSA *modulus = &public->publicArea.unique.rsa;
    __attribute__((cleanup(bignum_cleanup))) BIGNUM *exponent = NULL;

    rsa_template(public);
    modulus->size = RSA2048_BYTES;
    return EVP_PKEY_get_bits(key) == 8 * RSA2048_BYTES &&
           EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
           BN_is_word(exponent, RSA_EXPONENT) == 1 &&
           param_to_bytes(key, OSSL_PKEY_PARAM_RSA_N, modulus->buffer, RSA2048_BYTES);
}

static EVP_PKEY *spki_decode(const void *data, size_t size)
{
    EVP_PKEY *key = NULL;
    const unsigned char *p = data;
    size_t left = size;
    /* NULL: PEM or DER, whichever it is */
    OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(
        &key, NULL, "SubjectPublicKeyInfo", NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);

    if (decoder != NULL && OSSL_DECODER_from_data(decoder, &p, &left) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    return key;
}

bool public_from_spki(const void *data, size_t size, TPM2B_PUBLIC *public, struct error *err)
{
    __attribute__((cleanup(evp_pkey_cleanup))) EVP_PKEY *key = spki_decode(data, size);
    bool filled;

    if (key == NULL)
        return error_set(err, COLDSEAL_BAD_IMAGE, "not a public key in PEM or DER");
    if (EVP_PKEY_is_a(key, "EC"))
        filled = fill_ecc(key, public);
    else
        filled = EVP_PKEY_is_a(key, "RSA") && fill_rsa(key, public);
    if (!filled)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "PEM and DER do not tell the storage key's template, and only RSA-2048 "
                         "and ECC P-256 have a single usual one: give the TPM2B_PUBLIC "
                         "(tpm2_readpublic -o) instead");
    return public_check_storage_key(public, err);
}
