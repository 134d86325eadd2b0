/* SPDX-License-Identifier: Apache-2.0 */
/* TPM 2.0 part 1, B.4 and B.10.3: the seed by RSA-OAEP, whose hash and mask are the parent's Name
 * algorithm and whose label includes its NUL. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "core/digest.h"
#include "seal/duplicate_seed.h"

#define RSA_DEFAULT_EXPONENT 65537u

static inline void evp_pkey_cleanup(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void evp_pkey_ctx_cleanup(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static OSSL_PARAM *rsa_params(const TPM2B_PUBLIC_KEY_RSA *modulus, uint32_t exponent)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus->buffer, modulus->size, NULL);
    OSSL_PARAM *params = NULL;

    if (builder != NULL && n != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_uint32(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
        params = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    return params;
}

static EVP_PKEY *rsa_key(const TPMT_PUBLIC *area)
{
    uint32_t exponent = area->parameters.rsaDetail.exponent;
    OSSL_PARAM *params =
        rsa_params(&area->unique.rsa, exponent == 0 ? RSA_DEFAULT_EXPONENT : exponent);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(context);
    return key;
}

static bool oaep_encrypt(EVP_PKEY *key, const char *hash, const struct secret *seed,
                         TPM2B_ENCRYPTED_SECRET *encrypted)
{
    char label[] = DUPLICATE_LABEL;
    char mode[] = OSSL_PKEY_RSA_PAD_MODE_OAEP;
    char name[16];
    size_t size = sizeof(encrypted->secret);

    snprintf(name, sizeof(name), "%s", hash);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, mode, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, name, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, label, sizeof(label)),
        OSSL_PARAM_construct_end(),
    };
    __attribute__((cleanup(evp_pkey_ctx_cleanup))) EVP_PKEY_CTX *context =
        EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (context == NULL || EVP_PKEY_encrypt_init_ex(context, params) != 1 ||
        EVP_PKEY_encrypt(context, encrypted->secret, &size, seed->data, seed->size) != 1)
        return false;
    encrypted->size = (uint16_t)size;
    return true;
}

struct secret *duplicate_seed_rsa(const TPM2B_PUBLIC *parent, TPM2B_ENCRYPTED_SECRET *encrypted,
                                  struct error *err)
{
    enum digest_algorithm algorithm = (enum digest_algorithm)parent->publicArea.nameAlg;
    OWNED(secret) seed = secret_random(digest_size(algorithm), err);
    __attribute__((cleanup(evp_pkey_cleanup))) EVP_PKEY *key = rsa_key(&parent->publicArea);

    if (seed == NULL)
        return NULL;
    if (key == NULL) {
        error_set(err, COLDSEAL_BAD_IMAGE, "storage key: not an RSA key that OpenSSL takes");
        return NULL;
    }
    if (!oaep_encrypt(key, digest_name(algorithm), seed, encrypted)) {
        error_set(err, COLDSEAL_KEY, "OpenSSL cannot encrypt to the storage key");
        return NULL;
    }
    return TAKE(seed);
}
