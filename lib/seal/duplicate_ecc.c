/* SPDX-License-Identifier: Apache-2.0 */
/* TPM 2.0 part 1, C.6.1: the seed by one-pass ECDH with an ephemeral key. Coordinates are as long
 * as the field (11.4.10.3): a leading zero counts. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "seal/duplicate_seed.h"
#include "seal/kdf.h"

#define FIELD_LIMIT_BYTES 48

struct curve {
    TPM2_ECC_CURVE id;
    const char *name;
    int field_bytes;
};

static const struct curve curves[] = {
    {TPM2_ECC_NIST_P256, "prime256v1", 32},
    {TPM2_ECC_NIST_P384, "secp384r1", 48},
};

static inline void evp_pkey_cleanup(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void evp_pkey_ctx_cleanup(EVP_PKEY_CTX **context)
{
    EVP_PKEY_CTX_free(*context);
}

static const struct curve *curve_find(TPM2_ECC_CURVE id)
{
    return id == curves[0].id ? &curves[0] : &curves[1];
}

static void pad(const TPM2B_ECC_PARAMETER *coordinate, uint8_t *out, size_t field_bytes)
{
    memset(out, 0, field_bytes);
    memcpy(out + field_bytes - coordinate->size, coordinate->buffer, coordinate->size);
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *point_key(const struct curve *curve, const TPMS_ECC_POINT *point)
{
    size_t field = (size_t)curve->field_bytes;
    uint8_t octets[1 + 2 * FIELD_LIMIT_BYTES] = {0x04}; /* SEC 1, 2.3.3: uncompressed */
    char group[16];
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    snprintf(group, sizeof(group), "%s", curve->name);
    pad(&point->x, octets + 1, field);
    pad(&point->y, octets + 1 + field, field);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, 1 + 2 * field),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static bool coordinate_get(const EVP_PKEY *key, const char *name, int field_bytes,
                           TPM2B_ECC_PARAMETER *coordinate)
{
    BIGNUM *number = NULL;
    bool got = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
               BN_bn2binpad(number, coordinate->buffer, field_bytes) == field_bytes;

    BN_free(number);
    coordinate->size = (uint16_t)field_bytes;
    return got;
}

static bool point_get(const EVP_PKEY *key, int field_bytes, TPMS_ECC_POINT *point)
{
    return coordinate_get(key, OSSL_PKEY_PARAM_EC_PUB_X, field_bytes, &point->x) &&
           coordinate_get(key, OSSL_PKEY_PARAM_EC_PUB_Y, field_bytes, &point->y);
}

/* The x coordinate, which OpenSSL gives in the field's length. */
static struct secret *ecdh(EVP_PKEY *own, EVP_PKEY *peer, int field_bytes, struct error *err)
{
    OWNED(secret) z = secret_new((size_t)field_bytes, err);
    size_t size = (size_t)field_bytes;
    __attribute__((cleanup(evp_pkey_ctx_cleanup))) EVP_PKEY_CTX *context =
        EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);

    if (z == NULL)
        return NULL;
    if (context == NULL || EVP_PKEY_derive_init(context) != 1 ||
        EVP_PKEY_derive_set_peer(context, peer) != 1 ||
        EVP_PKEY_derive(context, z->data, &size) != 1 || size != z->size) {
        error_set(err, COLDSEAL_KEY, "OpenSSL cannot agree on a key with the storage key");
        return NULL;
    }
    return TAKE(z);
}

static struct secret *seed_derive(const TPMT_PUBLIC *area, const struct curve *curve,
                                  const struct secret *z, const TPMS_ECC_POINT *ephemeral,
                                  struct error *err)
{
    enum digest_algorithm algorithm = (enum digest_algorithm)area->nameAlg;
    size_t field = (size_t)curve->field_bytes;
    uint8_t parent_x[FIELD_LIMIT_BYTES];

    pad(&area->unique.ecc.x, parent_x, field);
    return kdf_e(algorithm, z, DUPLICATE_LABEL, (struct kdf_input){ephemeral->x.buffer, field},
                 (struct kdf_input){parent_x, field}, (unsigned)(8 * digest_size(algorithm)), err);
}

static bool encrypted_point(const TPMS_ECC_POINT *point, TPM2B_ENCRYPTED_SECRET *encrypted)
{
    size_t used = 0;

    if (Tss2_MU_TPMS_ECC_POINT_Marshal(point, encrypted->secret, sizeof(encrypted->secret),
                                       &used) != TSS2_RC_SUCCESS)
        return false;
    encrypted->size = (uint16_t)used;
    return true;
}

struct secret *duplicate_seed_ecc(const TPM2B_PUBLIC *parent, TPM2B_ENCRYPTED_SECRET *encrypted,
                                  struct error *err)
{
    const TPMT_PUBLIC *area = &parent->publicArea;
    const struct curve *curve = curve_find(area->parameters.eccDetail.curveID);
    TPMS_ECC_POINT point = {0};
    __attribute__((cleanup(evp_pkey_cleanup))) EVP_PKEY *peer = point_key(curve, &area->unique.ecc);
    __attribute__((cleanup(evp_pkey_cleanup))) EVP_PKEY *ephemeral = EVP_EC_gen(curve->name);

    if (peer == NULL) {
        error_set(err, COLDSEAL_BAD_IMAGE, "storage key: its point is not on its curve");
        return NULL;
    }
    if (ephemeral == NULL || !point_get(ephemeral, curve->field_bytes, &point) ||
        !encrypted_point(&point, encrypted)) {
        error_set(err, COLDSEAL_KEY, "OpenSSL makes no ephemeral key");
        return NULL;
    }
    OWNED(secret) z = ecdh(ephemeral, peer, curve->field_bytes, err);
    return z == NULL ? NULL : seed_derive(area, curve, z, &point, err);
}
