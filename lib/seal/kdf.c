/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/kdf.h"

#include <string.h>

#include "core/checked.h"
#include "core/writer.h"

#define COUNTER_BYTES 4
#define KDF_LIMIT_BITS 512u
/* Secret that is hashed with the rest: a P-384 coordinate has 48 bytes. */
#define Z_LIMIT_BYTES ((size_t)66)
#define MESSAGE_LIMIT_BYTES (COUNTER_BYTES + Z_LIMIT_BYTES + KDF_CONTEXT_LIMIT_BYTES)

/* One block of output for a counter: the message that is hashed starts with that counter. */
typedef bool (*kdf_block_fn)(enum digest_algorithm algorithm, const struct secret *key,
                             const struct secret *message, uint8_t *out, struct error *err);

static bool block_hmac(enum digest_algorithm algorithm, const struct secret *key,
                       const struct secret *message, uint8_t *out, struct error *err)
{
    return digest_hmac(algorithm, key->data, key->size, message->data, message->size, out, err);
}

static bool block_hash(enum digest_algorithm algorithm, const struct secret *key,
                       const struct secret *message, uint8_t *out, struct error *err)
{
    (void)key; /* it is in the message */
    return digest_bytes(algorithm, message->data, message->size, out, err);
}

static void write_label(struct writer *w, const char *label)
{
    write_bytes(w, label, strlen(label) + 1);
}

/* Runs the counter over `message`, whose first bytes are room for it. */
static struct secret *kdf_run(enum digest_algorithm algorithm, kdf_block_fn block,
                              const struct secret *key, struct secret *message, unsigned bits,
                              struct error *err)
{
    size_t block_bytes = digest_size(algorithm);
    OWNED(secret) out = secret_new(bits / 8, err);
    OWNED(secret) whole = secret_new(DIGEST_MAX_BYTES, err);

    if (out == NULL || whole == NULL)
        return NULL;
    for (size_t done = 0, counter = 1; done < out->size; counter++) {
        struct writer w = writer_over(message->data, COUNTER_BYTES);
        size_t take = min_u64(block_bytes, out->size - done);

        write_u32be(&w, (uint32_t)counter);
        if (!block(algorithm, key, message, whole->data, err))
            return NULL;
        memcpy(out->data + done, whole->data, take);
        done += take;
    }
    return TAKE(out);
}

static bool sizes_fit(enum digest_algorithm algorithm, const struct writer *w, unsigned bits,
                      struct error *err)
{
    return (!w->failed && bits % 8 == 0 && bits > 0 && bits <= KDF_LIMIT_BITS &&
            digest_size(algorithm) > 0) ||
           error_set(err, COLDSEAL_BUG, "key derivation: an input is too long");
}

struct secret *kdf_a(enum digest_algorithm algorithm, const struct secret *key, const char *label,
                     struct kdf_input context_u, struct kdf_input context_v, unsigned bits,
                     struct error *err)
{
    OWNED(secret) message = secret_new(MESSAGE_LIMIT_BYTES, err);

    if (message == NULL)
        return NULL;
    struct writer w = writer_over(message->data, message->size);
    write_u32be(&w, 0);
    write_label(&w, label);
    write_bytes(&w, context_u.data, context_u.size);
    write_bytes(&w, context_v.data, context_v.size);
    write_u32be(&w, bits);
    if (!sizes_fit(algorithm, &w, bits, err))
        return NULL;
    struct secret used = {.data = message->data, .size = w.position};
    return kdf_run(algorithm, block_hmac, key, &used, bits, err);
}

struct secret *kdf_e(enum digest_algorithm algorithm, const struct secret *z, const char *label,
                     struct kdf_input party_u, struct kdf_input party_v, unsigned bits,
                     struct error *err)
{
    OWNED(secret) message = secret_new(MESSAGE_LIMIT_BYTES, err);

    if (message == NULL)
        return NULL;
    struct writer w = writer_over(message->data, message->size);
    write_u32be(&w, 0);
    write_bytes(&w, z->data, z->size);
    write_label(&w, label);
    write_bytes(&w, party_u.data, party_u.size);
    write_bytes(&w, party_v.data, party_v.size);
    if (!sizes_fit(algorithm, &w, bits, err))
        return NULL;
    struct secret used = {.data = message->data, .size = w.position};
    return kdf_run(algorithm, block_hash, z, &used, bits, err);
}
