/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest_set.h"

#include <string.h>

static const enum digest_algorithm banks[DIGEST_SET_BANKS] = {DIGEST_SHA1, DIGEST_SHA256,
                                                              DIGEST_SHA384};

struct digest_set_stream {
    struct digest *digests[DIGEST_SET_BANKS];
};

enum digest_algorithm digest_set_algorithm(size_t index)
{
    return banks[index];
}

const uint8_t *digest_set_value_const(const struct digest_set *set, enum digest_algorithm algorithm)
{
    switch (algorithm) {
    case DIGEST_SHA1:
        return set->sha1;
    case DIGEST_SHA256:
        return set->sha256;
    case DIGEST_SHA384:
        return set->sha384;
    case DIGEST_SHA512:
        break;
    }
    return NULL;
}

uint8_t *digest_set_value(struct digest_set *set, enum digest_algorithm algorithm)
{
    return (uint8_t *)(uintptr_t)digest_set_value_const(set, algorithm);
}

bool digest_set_equal(const struct digest_set *a, const struct digest_set *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool digest_set_bytes(const void *data, size_t size, struct digest_set *out, struct error *err)
{
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        if (!digest_bytes(banks[i], data, size, digest_set_value(out, banks[i]), err))
            return false;
    }
    return true;
}

bool digest_set_extend(struct digest_set *pcr, const struct digest_set *digest, struct error *err)
{
    uint8_t both[2 * DIGEST_MAX_BYTES];

    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        size_t size = digest_size(banks[i]);
        uint8_t *value = digest_set_value(pcr, banks[i]);
        memcpy(both, value, size);
        memcpy(both + size, digest_set_value_const(digest, banks[i]), size);
        if (!digest_bytes(banks[i], both, 2 * size, value, err))
            return false;
    }
    return true;
}

struct digest_set_stream *digest_set_stream_new(struct error *err)
{
    OWNED(digest_set_stream) stream = calloc(1, sizeof(*stream));

    if (stream == NULL) {
        error_no_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        stream->digests[i] = digest_new(banks[i], err);
        if (stream->digests[i] == NULL)
            return NULL;
    }
    return TAKE(stream);
}

bool digest_set_stream_update(struct digest_set_stream *stream, const void *data, size_t size,
                              struct error *err)
{
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        if (!digest_update(stream->digests[i], data, size, err))
            return false;
    }
    return true;
}

bool digest_set_stream_final(struct digest_set_stream *stream, struct digest_set *out,
                             struct error *err)
{
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        if (!digest_final(stream->digests[i], digest_set_value(out, banks[i]), err))
            return false;
    }
    return true;
}

void digest_set_stream_free(struct digest_set_stream *stream)
{
    if (stream == NULL)
        return;
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++)
        digest_free(stream->digests[i]);
    free(stream);
}
