/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/public.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "core/reader.h"
#include "seal/tss_quiet.h"

#define RSA_DEFAULT_EXPONENT 65537u

/* What the TPM hashes for the Name is what we would write: bytes that we would write otherwise are
 * not that key's. */
static bool is_canonical(const TPMT_PUBLIC *area, const uint8_t *data, size_t size)
{
    uint8_t buffer[PUBLIC_LIMIT_BYTES];
    size_t used = 0;

    return Tss2_MU_TPMT_PUBLIC_Marshal(area, buffer, sizeof(buffer), &used) == TSS2_RC_SUCCESS &&
           used == size && memcmp(buffer, data, size) == 0;
}

bool public_parse(const void *data, size_t size, TPM2B_PUBLIC *public, struct error *err)
{
    struct reader r = reader_over(data, size);
    uint16_t first;
    size_t used = 0;

    tss_quiet();
    *public = (TPM2B_PUBLIC){0};
    if (size > PUBLIC_LIMIT_BYTES || !read_u16be(&r, &first))
        return error_set(err, COLDSEAL_BAD_IMAGE, "not a TPM public area: %zu bytes", size);
    /* A TPMT_PUBLIC starts with its type: RSA (1) or ECC (35), and is longer than either. */
    if (first != reader_left(&r))
        reader_seek(&r, 0);
    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(r.data + r.position, reader_left(&r), &used,
                                      &public->publicArea) != TSS2_RC_SUCCESS ||
        used != reader_left(&r) || !is_canonical(&public->publicArea, r.data + r.position, used))
        return error_set(err, COLDSEAL_BAD_IMAGE, "not a TPM public area");
    public->size = (uint16_t)used;
    return true;
}

struct bytes *public_marshal(const TPM2B_PUBLIC *public, struct error *err)
{
    uint8_t buffer[PUBLIC_LIMIT_BYTES];
    size_t used = 0;

    tss_quiet();
    if (Tss2_MU_TPM2B_PUBLIC_Marshal(public, buffer, sizeof(buffer), &used) != TSS2_RC_SUCCESS) {
        error_set(err, COLDSEAL_BAD_IMAGE, "a TPM public area cannot be marshalled");
        return NULL;
    }
    return bytes_copy(buffer, used, err);
}

bool public_name(const TPM2B_PUBLIC *public, TPM2B_NAME *name, struct error *err)
{
    enum digest_algorithm algorithm = (enum digest_algorithm) public->publicArea.nameAlg;
    uint8_t buffer[PUBLIC_LIMIT_BYTES];
    size_t used = 0;

    tss_quiet();
    if (digest_size(algorithm) == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED, "Name algorithm 0x%x of a TPM public area",
                         public->publicArea.nameAlg);
    if (Tss2_MU_TPMT_PUBLIC_Marshal(&public->publicArea, buffer, sizeof(buffer), &used) !=
        TSS2_RC_SUCCESS)
        return error_set(err, COLDSEAL_BAD_IMAGE, "a TPM public area cannot be marshalled");
    name->size = (uint16_t)(sizeof(uint16_t) + digest_size(algorithm));
    name->name[0] = (uint8_t)(public->publicArea.nameAlg >> 8);
    name->name[1] = (uint8_t) public->publicArea.nameAlg;
    return digest_bytes(algorithm, buffer, used, name->name + sizeof(uint16_t), err);
}

unsigned public_key_bits(const TPM2B_PUBLIC *public)
{
    const TPMT_PUBLIC *area = &public->publicArea;

    if (area->type == TPM2_ALG_RSA)
        return area->parameters.rsaDetail.keyBits;
    return area->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 ? 256 : 384;
}

static bool check_attributes(TPMA_OBJECT attributes, struct error *err)
{
    const TPMA_OBJECT needed = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |
                               TPMA_OBJECT_FIXEDPARENT;

    if ((attributes & needed) != needed || (attributes & TPMA_OBJECT_SIGN_ENCRYPT) != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "not a storage key: attributes 0x%x, but it has to be a restricted "
                         "decryption key that is fixed to its TPM",
                         attributes);
    return true;
}

static bool check_symmetric(const TPMT_SYM_DEF_OBJECT *symmetric, struct error *err)
{
    if (symmetric->algorithm != TPM2_ALG_AES || symmetric->mode.aes != TPM2_ALG_CFB ||
        (symmetric->keyBits.aes != 128 && symmetric->keyBits.aes != 256))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "not a storage key that we know: it does not protect its children with "
                         "AES-CFB");
    return true;
}

static bool check_rsa(const TPMT_PUBLIC *area, struct error *err)
{
    const TPMS_RSA_PARMS *parms = &area->parameters.rsaDetail;
    const TPM2B_PUBLIC_KEY_RSA *modulus = &area->unique.rsa;

    if ((parms->keyBits != 2048 && parms->keyBits != 3072) ||
        (parms->exponent != 0 && parms->exponent != RSA_DEFAULT_EXPONENT) ||
        parms->scheme.scheme != TPM2_ALG_NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "storage key: RSA with %u bits, exponent %u, scheme 0x%x", parms->keyBits,
                         parms->exponent, parms->scheme.scheme);
    if (modulus->size != parms->keyBits / 8 || (modulus->buffer[0] & 0x80) == 0 ||
        (modulus->buffer[modulus->size - 1] & 1) == 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "storage key: the RSA modulus is malformed");
    return check_symmetric(&parms->symmetric, err);
}

static bool check_ecc(const TPMT_PUBLIC *area, struct error *err)
{
    const TPMS_ECC_PARMS *parms = &area->parameters.eccDetail;
    const TPMS_ECC_POINT *point = &area->unique.ecc;

    if ((parms->curveID != TPM2_ECC_NIST_P256 && parms->curveID != TPM2_ECC_NIST_P384) ||
        parms->scheme.scheme != TPM2_ALG_NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "storage key: ECC curve 0x%x, scheme 0x%x",
                         parms->curveID, parms->scheme.scheme);
    unsigned field_bytes = parms->curveID == TPM2_ECC_NIST_P256 ? 32 : 48;
    if (point->x.size == 0 || point->x.size > field_bytes || point->y.size == 0 ||
        point->y.size > field_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "storage key: the ECC point is malformed");
    return check_symmetric(&parms->symmetric, err);
}

bool public_check_storage_key(const TPM2B_PUBLIC *public, struct error *err)
{
    const TPMT_PUBLIC *area = &public->publicArea;

    if (area->nameAlg != TPM2_ALG_SHA256 && area->nameAlg != TPM2_ALG_SHA384 &&
        area->nameAlg != TPM2_ALG_SHA512)
        return error_set(err, COLDSEAL_UNSUPPORTED, "storage key: Name algorithm 0x%x",
                         area->nameAlg);
    if (area->type != TPM2_ALG_RSA && area->type != TPM2_ALG_ECC)
        return error_set(err, COLDSEAL_UNSUPPORTED, "storage key: type 0x%x is not RSA or ECC",
                         area->type);
    if (!check_attributes(area->objectAttributes, err))
        return false;
    return area->type == TPM2_ALG_RSA ? check_rsa(area, err) : check_ecc(area, err);
}
