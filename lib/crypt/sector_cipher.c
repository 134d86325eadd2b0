/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/sector_cipher.h"

#include <openssl/evp.h>

#define VOLUME_KEY_BYTES 64
#define TWEAK_UNIT_BYTES 512
#define TWEAK_BYTES 16

struct sector_cipher {
    EVP_CIPHER_CTX *context;
    uint32_t sector_bytes;
};

static bool cipher_set_key(struct sector_cipher *cipher, const struct secret *key, bool encrypt)
{
    cipher->context = EVP_CIPHER_CTX_new();
    return cipher->context != NULL && EVP_CipherInit_ex(cipher->context, EVP_aes_256_xts(), NULL,
                                                        key->data, NULL, encrypt) == 1;
}

struct sector_cipher *sector_cipher_new(const struct secret *volume_key, uint32_t sector_bytes,
                                        bool encrypt, struct error *err)
{
    if (volume_key->size != VOLUME_KEY_BYTES || (sector_bytes != 512 && sector_bytes != 4096)) {
        error_set(err, COLDSEAL_BUG, "sector cipher: key of %zu bytes, sector of %u",
                  volume_key->size, sector_bytes);
        return NULL;
    }
    OWNED(sector_cipher) cipher = calloc(1, sizeof(*cipher));
    if (cipher == NULL) {
        error_no_memory(err);
        return NULL;
    }
    cipher->sector_bytes = sector_bytes;
    /* OpenSSL refuses a key whose two halves are equal. */
    if (!cipher_set_key(cipher, volume_key, encrypt)) {
        error_set(err, COLDSEAL_KEY, "OpenSSL does not take this volume key");
        return NULL;
    }
    return TAKE(cipher);
}

/* plain64: the sector's number, 64 bits, little-endian, zeros behind it. */
static void make_tweak(uint64_t number, uint8_t tweak[TWEAK_BYTES])
{
    for (unsigned i = 0; i < TWEAK_BYTES; i++)
        tweak[i] = i < 8 ? (uint8_t)(number >> (8 * i)) : 0;
}

static bool run_sector(struct sector_cipher *cipher, uint8_t *data, uint64_t position_bytes)
{
    uint8_t tweak[TWEAK_BYTES];
    int written;

    make_tweak(position_bytes / TWEAK_UNIT_BYTES, tweak);
    return EVP_CipherInit_ex(cipher->context, NULL, NULL, NULL, tweak, -1) == 1 &&
           EVP_CipherUpdate(cipher->context, data, &written, data, (int)cipher->sector_bytes) == 1;
}

bool sector_cipher_run(struct sector_cipher *cipher, void *data, size_t size,
                       uint64_t position_bytes, struct error *err)
{
    if (size % cipher->sector_bytes != 0 || position_bytes % cipher->sector_bytes != 0)
        return error_set(err, COLDSEAL_BUG, "sector cipher: not on a sector's boundary");
    for (size_t done = 0; done < size; done += cipher->sector_bytes) {
        if (!run_sector(cipher, (uint8_t *)data + done, position_bytes + done))
            return error_set(err, COLDSEAL_KEY, "OpenSSL fails to encrypt or decrypt a sector");
    }
    return true;
}

void sector_cipher_free(struct sector_cipher *cipher)
{
    if (cipher == NULL)
        return;
    EVP_CIPHER_CTX_free(cipher->context);
    free(cipher);
}
