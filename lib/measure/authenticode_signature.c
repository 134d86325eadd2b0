/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/authenticode_signature.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

struct authenticode_signature {
    PKCS7 *pkcs7;
    struct reader content; /* of SpcIndirectDataContent, without its tag and length */
    STACK_OF(X509) * signers;
};

/* SPC_INDIRECT_DATA_OBJID, 1.3.6.1.4.1.311.2.1.4 */
static const uint8_t indirect_data[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x01, 0x04};

/* The content is opaque to OpenSSL: a SEQUENCE with a length of one to three bytes, as in EDK2. */
static bool take_content(PKCS7 *pkcs7, struct reader *content)
{
    const PKCS7 *inner = pkcs7->d.sign == NULL ? NULL : pkcs7->d.sign->contents;

    if (inner == NULL || OBJ_length(inner->type) != sizeof(indirect_data) ||
        memcmp(OBJ_get0_data(inner->type), indirect_data, sizeof(indirect_data)) != 0 ||
        inner->d.other == NULL || inner->d.other->type != V_ASN1_SEQUENCE)
        return false;
    const ASN1_STRING *sequence = inner->d.other->value.sequence;
    struct reader r =
        reader_over(ASN1_STRING_get0_data(sequence), (size_t)ASN1_STRING_length(sequence));
    uint8_t first;
    uint8_t byte = 0;
    uint16_t length = 0;
    if (!reader_skip(&r, 1) || !read_u8(&r, &first))
        return false;
    if (first == 0x82) {
        if (!read_u16be(&r, &length))
            return false;
    } else if (first == 0x81) {
        if (!read_u8(&r, &byte))
            return false;
        length = byte;
    } else if (first < 0x80) {
        length = first;
    } else {
        return false;
    }
    return read_sub(&r, content, length);
}

/* One digest, of those that EDK2 hashes images with. OpenSSL 3.0's PKCS7_verify() forgets memory
 * where it does not know one, or has several. */
static bool has_known_digest(const PKCS7 *pkcs7)
{
    static const int known[] = {NID_sha1, NID_sha256, NID_sha384, NID_sha512};
    const STACK_OF(X509_ALGOR) *algorithms = pkcs7->d.sign->md_algs;
    const ASN1_OBJECT *algorithm;

    if (sk_X509_ALGOR_num(algorithms) != 1)
        return false;
    X509_ALGOR_get0(&algorithm, NULL, NULL, sk_X509_ALGOR_value(algorithms, 0));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (OBJ_obj2nid(algorithm) == known[i])
            return true;
    }
    return false;
}

struct authenticode_signature *authenticode_signature_parse(struct reader data, struct error *err)
{
    OWNED(authenticode_signature) signature = calloc(1, sizeof(*signature));
    const uint8_t *next = data.data;

    if (signature == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (data.size <= INT32_MAX)
        signature->pkcs7 = d2i_PKCS7(NULL, &next, (long)data.size);
    bool usable = signature->pkcs7 != NULL && PKCS7_type_is_signed(signature->pkcs7) &&
                  take_content(signature->pkcs7, &signature->content) &&
                  has_known_digest(signature->pkcs7);
    if (usable)
        signature->signers = PKCS7_get0_signers(signature->pkcs7, NULL, PKCS7_BINARY);
    ERR_clear_error();
    if (signature->signers == NULL || sk_X509_num(signature->signers) == 0) {
        error_set(err, COLDSEAL_BAD_IMAGE, "certificate table: a signature cannot be read");
        return NULL;
    }
    return TAKE(signature);
}

void authenticode_signature_free(struct authenticode_signature *signature)
{
    if (signature == NULL)
        return;
    sk_X509_free(signature->signers);
    PKCS7_free(signature->pkcs7);
    free(signature);
}

/* Pkcs7Verify(): chains may end at a certificate that is trusted without being a root. */
static X509_STORE *store_of(X509 *certificate)
{
    X509_STORE *store = X509_STORE_new();

    if (store != NULL && X509_STORE_add_cert(store, certificate) == 1 &&
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1 &&
        X509_STORE_set_purpose(store, X509_PURPOSE_ANY) == 1)
        return store;
    X509_STORE_free(store);
    return NULL;
}

static bool verify_under(const struct authenticode_signature *signature, X509 *certificate)
{
    X509_STORE *store = store_of(certificate);
    BIO *content = BIO_new_mem_buf(signature->content.data, (int)signature->content.size);
    bool verified = store != NULL && content != NULL &&
                    PKCS7_verify(signature->pkcs7, NULL, store, content, NULL, PKCS7_BINARY) == 1;

    BIO_free(content);
    X509_STORE_free(store);
    return verified;
}

bool authenticode_signed_under(const struct authenticode_signature *signature,
                               const uint8_t *digest, size_t digest_bytes,
                               const uint8_t *certificate, size_t certificate_bytes)
{
    const struct reader *content = &signature->content;
    const uint8_t *next = certificate;

    if (content->size < digest_bytes || certificate_bytes > INT32_MAX ||
        memcmp(content->data + content->size - digest_bytes, digest, digest_bytes) != 0)
        return false;
    X509 *trusted = d2i_X509(NULL, &next, (long)certificate_bytes);
    bool verified = trusted != NULL && verify_under(signature, trusted);
    X509_free(trusted);
    ERR_clear_error();
    return verified;
}

/* X509GetTBSCert(): a SEQUENCE, and what is signed is the SEQUENCE that it begins with. */
bool authenticode_tbs_digest(const uint8_t *certificate, size_t size,
                             enum digest_algorithm algorithm, uint8_t *digest)
{
    const uint8_t *next = certificate;
    struct error err = {0};
    long length;
    int tag;
    int class;

    if (size > INT32_MAX)
        return false;
    int flags = ASN1_get_object(&next, &length, &tag, &class, (long)size);
    bool found = flags == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE;
    const uint8_t *tbs = next;
    if (found) {
        flags = ASN1_get_object(&next, &length, &tag, &class, length);
        found = flags == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE;
    }
    ERR_clear_error();
    return found &&
           digest_bytes(algorithm, tbs, (size_t)(next - tbs) + (size_t)length, digest, &err);
}

size_t authenticode_signer_count(const struct authenticode_signature *signature)
{
    int count = signature->signers == NULL ? 0 : sk_X509_num(signature->signers);

    return count < 0 ? 0 : (size_t)count;
}

struct bytes *authenticode_signer_certificate(const struct authenticode_signature *signature,
                                              size_t index, struct error *err)
{
    unsigned char *der = NULL;
    int size = i2d_X509(sk_X509_value(signature->signers, (int)index), &der);
    struct bytes *certificate = NULL;

    if (size > 0)
        certificate = bytes_copy(der, (size_t)size, err);
    else
        error_set(err, COLDSEAL_KEY, "OpenSSL cannot encode a signer's certificate");
    OPENSSL_free(der);
    return certificate;
}

void authenticode_signer_name(const struct authenticode_signature *signature,
                              char name[AUTHENTICODE_SIGNER_BYTES])
{
    unsigned char *text = NULL;

    name[0] = '\0';
    if (authenticode_signer_count(signature) == 0)
        return;
    X509_NAME *subject = X509_get_subject_name(sk_X509_value(signature->signers, 0));
    int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index >= 0 && ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(
                                                     X509_NAME_get_entry(subject, index))) >= 0)
        snprintf(name, AUTHENTICODE_SIGNER_BYTES, "%s", (const char *)text);
    OPENSSL_free(text);
    ERR_clear_error();
}
