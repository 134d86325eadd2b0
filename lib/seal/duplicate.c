/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/duplicate.h"

#include <openssl/evp.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "core/digest.h"
#include "seal/duplicate_seed.h"
#include "seal/kdf.h"
#include "seal/public.h"
#include "seal/tss_quiet.h"

#define OBJECT_DIGEST_BYTES 32
/* Size field, TPMT_SENSITIVE with the largest secret and seed value. */
#define SENSITIVE_LIMIT_BYTES ((size_t)512)

static const struct kdf_input nothing = {NULL, 0};

/* The object before it is wrapped. `sensitive` is TPM2B_SENSITIVE, marshalled with its size. */
struct object {
    TPM2B_PUBLIC public;
    TPM2B_NAME name;
    struct secret *sensitive;
};

static void object_clear(struct object *object)
{
    secret_free(object->sensitive);
}

/* unique = H(seedValue || secret): TPM 2.0 part 1, 27.5.3.2 */
static bool unique_compute(const struct secret *seed_value, const struct secret *secret,
                           TPM2B_DIGEST *unique, struct error *err)
{
    OWNED(digest) digest = digest_new(DIGEST_SHA256, err);

    unique->size = OBJECT_DIGEST_BYTES;
    return digest != NULL && digest_update(digest, seed_value->data, seed_value->size, err) &&
           digest_update(digest, secret->data, secret->size, err) &&
           digest_final(digest, unique->buffer, err);
}

/* An imported object cannot be fixedTPM, and only its policy opens it: no attribute is set. */
static bool object_public(struct object *object, const struct secret *seed_value,
                          const struct secret *secret, const uint8_t policy_digest[32],
                          struct error *err)
{
    TPMT_PUBLIC *area = &object->public.publicArea;

    area->type = TPM2_ALG_KEYEDHASH;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = 0;
    area->authPolicy.size = OBJECT_DIGEST_BYTES;
    memcpy(area->authPolicy.buffer, policy_digest, OBJECT_DIGEST_BYTES);
    area->parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
    return unique_compute(seed_value, secret, &area->unique.keyedHash, err) &&
           public_name(&object->public, &object->name, err);
}

static bool object_sensitive(struct object *object, const struct secret *seed_value,
                             const struct secret *secret, struct error *err)
{
    OWNED(secret) room = secret_new(sizeof(TPM2B_SENSITIVE), err);
    OWNED(secret) buffer = secret_new(SENSITIVE_LIMIT_BYTES, err);
    size_t used = 0;

    if (room == NULL || buffer == NULL)
        return false;
    TPM2B_SENSITIVE *sensitive = (TPM2B_SENSITIVE *)(void *)room->data;
    TPMT_SENSITIVE *area = &sensitive->sensitiveArea;
    area->sensitiveType = TPM2_ALG_KEYEDHASH;
    area->seedValue.size = (uint16_t)seed_value->size;
    memcpy(area->seedValue.buffer, seed_value->data, seed_value->size);
    area->sensitive.bits.size = (uint16_t)secret->size;
    memcpy(area->sensitive.bits.buffer, secret->data, secret->size);
    if (Tss2_MU_TPM2B_SENSITIVE_Marshal(sensitive, buffer->data, buffer->size, &used) !=
        TSS2_RC_SUCCESS)
        return error_set(err, COLDSEAL_BUG, "the sealed object cannot be marshalled");
    object->sensitive = secret_copy(buffer->data, used, err);
    return object->sensitive != NULL;
}

static bool object_make(struct object *object, const struct secret *secret,
                        const uint8_t policy_digest[32], struct error *err)
{
    OWNED(secret) seed_value = secret_random(OBJECT_DIGEST_BYTES, err);

    return seed_value != NULL && object_public(object, seed_value, secret, policy_digest, err) &&
           object_sensitive(object, seed_value, secret, err);
}

static unsigned symmetric_bits(const TPMT_PUBLIC *parent)
{
    return parent->type == TPM2_ALG_RSA ? parent->parameters.rsaDetail.symmetric.keyBits.aes
                                        : parent->parameters.eccDetail.symmetric.keyBits.aes;
}

static bool aes_cfb(const struct secret *key, const struct secret *plain, uint8_t *out)
{
    const uint8_t iv[16] = {0};
    const EVP_CIPHER *cipher = key->size == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int size = 0;
    bool done = context != NULL && EVP_EncryptInit_ex(context, cipher, NULL, key->data, iv) == 1 &&
                EVP_EncryptUpdate(context, out, &size, plain->data, (int)plain->size) == 1 &&
                (size_t)size == plain->size;

    EVP_CIPHER_CTX_free(context);
    return done;
}

/* TPM 2.0 part 1, 22.4: symKey = KDFa(seed, "STORAGE", Name), IV 0. `out` has room for it. */
static bool wrap_encrypt(const TPMT_PUBLIC *parent, const struct secret *seed,
                         const struct object *object, uint8_t *out, struct error *err)
{
    OWNED(secret)
    key = kdf_a((enum digest_algorithm)parent->nameAlg, seed, "STORAGE",
                (struct kdf_input){object->name.name, object->name.size}, nothing,
                symmetric_bits(parent), err);

    return key != NULL && (aes_cfb(key, object->sensitive, out) ||
                           error_set(err, COLDSEAL_KEY, "OpenSSL cannot encrypt with AES-CFB"));
}

/* TPM 2.0 part 1, 22.5: HMAC(KDFa(seed, "INTEGRITY"), encrypted || Name) */
static bool wrap_integrity(const TPMT_PUBLIC *parent, const struct secret *seed,
                           const struct bytes *encrypted, const TPM2B_NAME *name,
                           TPM2B_DIGEST *integrity, struct error *err)
{
    enum digest_algorithm algorithm = (enum digest_algorithm)parent->nameAlg;
    unsigned bits = (unsigned)(8 * digest_size(algorithm));
    OWNED(secret) key = kdf_a(algorithm, seed, "INTEGRITY", nothing, nothing, bits, err);
    OWNED(bytes) message = bytes_new(encrypted->size + name->size, err);

    if (key == NULL || message == NULL)
        return false;
    memcpy(message->data, encrypted->data, encrypted->size);
    memcpy(message->data + encrypted->size, name->name, name->size);
    integrity->size = (uint16_t)digest_size(algorithm);
    return digest_hmac(algorithm, key->data, key->size, message->data, message->size,
                       integrity->buffer, err);
}

/* TPM2B_PRIVATE over TPM2B_DIGEST integrity || encrypted sensitive */
static struct bytes *wrap_outer(const TPMT_PUBLIC *parent, const struct secret *seed,
                                const struct object *object, struct error *err)
{
    TPM2B_DIGEST integrity = {0};
    TPM2B_PRIVATE private = {0};
    uint8_t buffer[sizeof(TPM2B_PRIVATE)];
    size_t used = 0, total = 0;
    OWNED(bytes) encrypted = bytes_new(object->sensitive->size, err);

    if (encrypted == NULL || !wrap_encrypt(parent, seed, object, encrypted->data, err) ||
        !wrap_integrity(parent, seed, encrypted, &object->name, &integrity, err))
        return NULL;
    if (Tss2_MU_TPM2B_DIGEST_Marshal(&integrity, private.buffer, sizeof(private.buffer), &used) !=
            TSS2_RC_SUCCESS ||
        encrypted->size > sizeof(private.buffer) - used) {
        error_set(err, COLDSEAL_BUG, "the sealed object does not fit TPM2B_PRIVATE");
        return NULL;
    }
    memcpy(private.buffer + used, encrypted->data, encrypted->size);
    private.size = (uint16_t)(used + encrypted->size);
    if (Tss2_MU_TPM2B_PRIVATE_Marshal(&private, buffer, sizeof(buffer), &total) !=
        TSS2_RC_SUCCESS) {
        error_set(err, COLDSEAL_BUG, "TPM2B_PRIVATE cannot be marshalled");
        return NULL;
    }
    return bytes_copy(buffer, total, err);
}

static struct bytes *encrypted_marshal(const TPM2B_ENCRYPTED_SECRET *encrypted, struct error *err)
{
    uint8_t buffer[sizeof(TPM2B_ENCRYPTED_SECRET)];
    size_t used = 0;

    if (Tss2_MU_TPM2B_ENCRYPTED_SECRET_Marshal(encrypted, buffer, sizeof(buffer), &used) !=
        TSS2_RC_SUCCESS) {
        error_set(err, COLDSEAL_BUG, "TPM2B_ENCRYPTED_SECRET cannot be marshalled");
        return NULL;
    }
    return bytes_copy(buffer, used, err);
}

static bool object_wrap(const TPM2B_PUBLIC *parent, const struct object *object,
                        struct duplicate *duplicate, struct error *err)
{
    TPM2B_ENCRYPTED_SECRET encrypted = {0};
    OWNED(secret)
    seed = parent->publicArea.type == TPM2_ALG_RSA ? duplicate_seed_rsa(parent, &encrypted, err)
                                                   : duplicate_seed_ecc(parent, &encrypted, err);

    if (seed == NULL)
        return false;
    duplicate->private = wrap_outer(&parent->publicArea, seed, object, err);
    duplicate->public = public_marshal(&object->public, err);
    duplicate->encrypted_seed = encrypted_marshal(&encrypted, err);
    return duplicate->private != NULL && duplicate->public != NULL &&
           duplicate->encrypted_seed != NULL;
}

struct duplicate *duplicate_seal(const struct target *parent, const struct secret *secret,
                                 const uint8_t policy_digest[32], struct error *err)
{
    TPM2B_PUBLIC key;
    __attribute__((cleanup(object_clear))) struct object object = {0};
    OWNED(duplicate) duplicate = calloc(1, sizeof(*duplicate));

    tss_quiet();
    if (duplicate == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (secret->size == 0 || secret->size > DUPLICATE_SECRET_LIMIT_BYTES) {
        error_set(err, COLDSEAL_KEY, "a TPM seals 1 to %zu bytes, not %zu",
                  DUPLICATE_SECRET_LIMIT_BYTES, secret->size);
        return NULL;
    }
    if (!public_parse(parent->storage_key->data, parent->storage_key->size, &key, err) ||
        !public_check_storage_key(&key, err) || !object_make(&object, secret, policy_digest, err) ||
        !object_wrap(&key, &object, duplicate, err))
        return NULL;
    return TAKE(duplicate);
}

void duplicate_free(struct duplicate *duplicate)
{
    if (duplicate == NULL)
        return;
    bytes_free(duplicate->private);
    bytes_free(duplicate->public);
    bytes_free(duplicate->encrypted_seed);
    free(duplicate);
}
