/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/recipients.h"

#include <limits.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define CERTIFICATE_LIMIT_BYTES ((size_t)1 << 20)
#define RSA_MIN_BITS 2048
#define EC_MIN_BITS 256

struct recipients {
    X509 *certificates[RECIPIENTS_MAX];
    size_t count;
};

static inline void bio_cleanup(BIO **bio)
{
    BIO_free_all(*bio);
}
#define OWNED_BIO __attribute__((cleanup(bio_cleanup))) BIO *

static inline void cms_cleanup(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

void recipients_free(struct recipients *recipients)
{
    if (recipients == NULL)
        return;
    for (size_t i = 0; i < recipients->count; i++)
        X509_free(recipients->certificates[i]);
    free(recipients);
}

static X509 *parse(const struct bytes *file)
{
    OWNED_BIO text = BIO_new_mem_buf(file->data, (int)file->size);
    const uint8_t *der = file->data;
    X509 *certificate = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);

    return certificate != NULL ? certificate : d2i_X509(NULL, &der, (long)file->size);
}

static bool check_time(const X509 *certificate, struct error *err)
{
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
        return error_set(err, COLDSEAL_KEY, "this certificate has expired");
    return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 ||
           error_set(err, COLDSEAL_KEY, "this certificate is not valid yet");
}

/* RFC 5280, 4.2.1.3; a certificate without the extension is for anything. */
static bool check_usage(X509 *certificate, uint32_t wanted, const char *name, struct error *err)
{
    return (X509_get_key_usage(certificate) & wanted) != 0 ||
           error_set(err, COLDSEAL_KEY,
                     "this certificate is not for encrypting keys: its key usage lacks %s", name);
}

static bool check_key(X509 *certificate, struct error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int kind = key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key);

    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
        return error_set(
            err, COLDSEAL_UNSUPPORTED,
            "this certificate's key is neither RSA nor EC: nothing is encrypted to it");
    int least = kind == EVP_PKEY_RSA ? RSA_MIN_BITS : EC_MIN_BITS;
    if (EVP_PKEY_get_bits(key) < least)
        return error_set(err, COLDSEAL_KEY, "this certificate's key has %d bits, fewer than %d",
                         EVP_PKEY_get_bits(key), least);
    return kind == EVP_PKEY_RSA
               ? check_usage(certificate, KU_KEY_ENCIPHERMENT, "keyEncipherment", err)
               : check_usage(certificate, KU_KEY_AGREEMENT, "keyAgreement", err);
}

static bool add(struct recipients *recipients, const char *path, struct error *err)
{
    OWNED(bytes) file = bytes_read_file(path, CERTIFICATE_LIMIT_BYTES, err);

    if (file == NULL)
        return false;
    X509 *certificate = parse(file);
    if (certificate == NULL)
        return error_set(err, COLDSEAL_KEY, "not a certificate in PEM or DER");
    recipients->certificates[recipients->count++] = certificate;
    return check_time(certificate, err) && check_key(certificate, err);
}

struct recipients *recipients_read(const struct coldseal_escrow_options *escrow, struct error *err)
{
    OWNED(recipients) recipients = calloc(1, sizeof(*recipients));

    if (recipients == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (escrow->recipient_count > RECIPIENTS_MAX) {
        error_set(err, COLDSEAL_USAGE, "more than %d recipients", RECIPIENTS_MAX);
        return NULL;
    }
    for (size_t i = 0; i < escrow->recipient_count; i++) {
        if (!add(recipients, escrow->recipients[i], err)) {
            error_wrap(err, "recipient %s", escrow->recipients[i]);
            return NULL;
        }
    }
    return TAKE(recipients);
}

size_t recipients_count(const struct recipients *recipients)
{
    return recipients->count;
}

bool recipients_fingerprint(const struct recipients *recipients, size_t number,
                            uint8_t digest[DIGEST_MAX_BYTES], struct error *err)
{
    return X509_digest(recipients->certificates[number], EVP_sha256(), digest, NULL) == 1 ||
           error_set(err, COLDSEAL_KEY, "OpenSSL gives no digest of a certificate");
}

/* OpenSSL's defaults are PKCS #1 v1.5, and SHA-1 for the derivation from ECDH. */
static bool choose_algorithms(EVP_PKEY_CTX *context, bool is_rsa)
{
    if (context == NULL)
        return false;
    if (!is_rsa)
        return EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

static bool add_to_message(CMS_ContentInfo *cms, X509 *certificate)
{
    CMS_RecipientInfo *info = CMS_add1_recipient(cms, certificate, NULL, NULL, CMS_KEY_PARAM);
    bool is_rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA;

    return info != NULL && choose_algorithms(CMS_RecipientInfo_get0_pkey_ctx(info), is_rsa);
}

/* Straight through the cipher: CMS_final() would gather the secret in buffers that it does not
 * wipe. */
static bool encrypt(CMS_ContentInfo *cms, const struct secret *secret)
{
    OWNED_BIO cipher = CMS_dataInit(cms, NULL);

    return cipher != NULL && secret->size <= INT_MAX &&
           BIO_write(cipher, secret->data, (int)secret->size) == (int)secret->size &&
           BIO_flush(cipher) == 1 && CMS_dataFinal(cms, cipher) == 1;
}

static bool make_message(const struct recipients *recipients, const struct secret *secret, BIO *pem)
{
    __attribute__((cleanup(cms_cleanup))) CMS_ContentInfo *cms =
        CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());

    for (size_t i = 0; cms != NULL && i < recipients->count; i++) {
        if (!add_to_message(cms, recipients->certificates[i]))
            return false;
    }
    return cms != NULL && CMS_set_detached(cms, 0) == 1 && encrypt(cms, secret) &&
           PEM_write_bio_CMS_stream(pem, cms, NULL, 0) == 1;
}

struct bytes *recipients_wrap(const struct recipients *recipients, const struct secret *secret,
                              struct error *err)
{
    OWNED_BIO pem = BIO_new(BIO_s_mem());
    const char *text = NULL;

    if (pem == NULL || !make_message(recipients, secret, pem)) {
        error_set(err, COLDSEAL_KEY, "OpenSSL cannot encrypt a key to the recipients");
        return NULL;
    }
    long size = BIO_get_mem_data(pem, (char **)&text);
    return bytes_copy(text, (size_t)size, err);
}
