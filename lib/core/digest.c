/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static const struct {
    enum digest_algorithm algorithm;
    size_t size;
    const char *name;
} algorithms[] = {
    {DIGEST_SHA1, 20, "sha1"},
    {DIGEST_SHA256, 32, "sha256"},
    {DIGEST_SHA384, 48, "sha384"},
    {DIGEST_SHA512, 64, "sha512"},
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

struct digest {
    EVP_MD_CTX *context;
};

size_t digest_size(enum digest_algorithm algorithm)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (algorithms[i].algorithm == algorithm)
            return algorithms[i].size;
    }
    return 0;
}

const char *digest_name(enum digest_algorithm algorithm)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (algorithms[i].algorithm == algorithm)
            return algorithms[i].name;
    }
    return NULL;
}

bool digest_from_name(const char *name, enum digest_algorithm *algorithm)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (strcmp(algorithms[i].name, name) == 0) {
            *algorithm = algorithms[i].algorithm;
            return true;
        }
    }
    return false;
}

static const EVP_MD *digest_evp(enum digest_algorithm algorithm)
{
    const char *name = digest_name(algorithm);

    return name == NULL ? NULL : EVP_get_digestbyname(name);
}

static bool digest_failed(enum digest_algorithm algorithm, struct error *err)
{
    const char *name = digest_name(algorithm);

    return error_set(err, COLDSEAL_KEY, "OpenSSL cannot compute %s", name ? name : "this digest");
}

bool digest_bytes(enum digest_algorithm algorithm, const void *data, size_t size, uint8_t *out,
                  struct error *err)
{
    const EVP_MD *md = digest_evp(algorithm);

    if (md == NULL || EVP_Digest(data, size, out, NULL, md, NULL) != 1)
        return digest_failed(algorithm, err);
    return true;
}

bool digest_hmac(enum digest_algorithm algorithm, const void *key, size_t key_size,
                 const void *data, size_t size, uint8_t *out, struct error *err)
{
    const EVP_MD *md = digest_evp(algorithm);
    unsigned int written = 0;

    if (md == NULL || key_size > INT32_MAX ||
        HMAC(md, key, (int)key_size, data, size, out, &written) == NULL)
        return digest_failed(algorithm, err);
    return true;
}

struct digest *digest_new(enum digest_algorithm algorithm, struct error *err)
{
    OWNED(digest) digest = calloc(1, sizeof(*digest));
    const EVP_MD *md = digest_evp(algorithm);

    if (digest == NULL) {
        error_no_memory(err);
        return NULL;
    }
    digest->context = EVP_MD_CTX_new();
    if (digest->context == NULL || md == NULL ||
        EVP_DigestInit_ex(digest->context, md, NULL) != 1) {
        digest_failed(algorithm, err);
        return NULL;
    }
    return TAKE(digest);
}

bool digest_update(struct digest *digest, const void *data, size_t size, struct error *err)
{
    return EVP_DigestUpdate(digest->context, data, size) == 1 ||
           error_set(err, COLDSEAL_KEY, "OpenSSL cannot continue a digest");
}

bool digest_final(struct digest *digest, uint8_t *out, struct error *err)
{
    return EVP_DigestFinal_ex(digest->context, out, NULL) == 1 ||
           error_set(err, COLDSEAL_KEY, "OpenSSL cannot finish a digest");
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}
