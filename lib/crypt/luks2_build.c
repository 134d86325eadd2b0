/* SPDX-License-Identifier: Apache-2.0 */
/* A new header: libcryptsetup makes keyslots and digest in memory; tokens, checksums and the bytes
 * are ours, and the result has to pass the validator like any other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "crypt/luks2.h"
#include "crypt/luks2_device.h"

/* RFC 8018 and libcryptsetup both take 1000 as the least; a secret of 128 random bits needs none.
 */
#define PBKDF2_ITERATIONS 1000
#define ARGON2_PASSES 6

static const struct crypt_pbkdf_type cost_random = {
    .type = CRYPT_KDF_PBKDF2,
    .hash = "sha256",
    .iterations = PBKDF2_ITERATIONS,
    .flags = CRYPT_PBKDF_NO_BENCHMARK,
};

static const struct crypt_pbkdf_type cost_chosen = {
    .type = CRYPT_KDF_ARGON2ID,
    .hash = "sha256",
    .iterations = ARGON2_PASSES,
    .max_memory_kb = LUKS2_MAX_ARGON2_KIB,
    .parallel_threads = 1,
    .flags = CRYPT_PBKDF_NO_BENCHMARK,
};

static bool check_request(const struct luks2_request *request, struct error *err)
{
    if (request->volume_key->size != LUKS2_VOLUME_KEY_BYTES)
        return error_set(err, COLDSEAL_KEY, "a volume key of %zu bytes, not %d",
                         request->volume_key->size, LUKS2_VOLUME_KEY_BYTES);
    return (request->keyslot_count > 0 && request->keyslot_count <= LUKS2_MAX_KEYSLOTS) ||
           error_set(err, COLDSEAL_UNSUPPORTED, "%zu keyslots: from 1 to %d are possible",
                     request->keyslot_count, LUKS2_MAX_KEYSLOTS);
}

static bool format_header(struct luks2_device *device, const struct luks2_request *request,
                          struct error *err)
{
    struct crypt_params_luks2 params = {
        .pbkdf = &cost_random,
        .data_alignment = LUKS2_HEADER_BYTES / 512,
        .sector_size = LUKS2_SECTOR_BYTES,
        .label = LUKS2_LABEL,
    };
    int code = crypt_set_metadata_size(device->cd, LUKS2_METADATA_BYTES, LUKS2_KEYSLOTS_BYTES);

    if (code == 0)
        code = crypt_format(device->cd, CRYPT_LUKS2, "aes", "xts-plain64", request->uuid,
                            (const char *)request->volume_key->data, request->volume_key->size,
                            &params);
    return code >= 0 || luks2_device_failed(device, code, "make a LUKS2 header", err);
}

static bool add_keyslot(struct luks2_device *device, const struct luks2_request *request,
                        unsigned number, struct error *err)
{
    const struct luks2_keyslot *slot = &request->keyslots[number];
    int code = crypt_set_pbkdf_type(device->cd,
                                    slot->cost == LUKS2_COST_CHOSEN ? &cost_chosen : &cost_random);

    if (code == 0)
        code = crypt_keyslot_add_by_volume_key(
            device->cd, (int)number, (const char *)request->volume_key->data,
            request->volume_key->size, (const char *)slot->passphrase->data,
            slot->passphrase->size);
    return code >= 0 || luks2_device_failed(device, code, "make a LUKS2 keyslot", err);
}

static bool make_keyslots(int fd, const struct luks2_request *request, struct error *err)
{
    OWNED(luks2_device) device = luks2_device_new(fd, err);

    if (device == NULL || !format_header(device, request, err))
        return false;
    for (unsigned i = 0; i < request->keyslot_count; i++) {
        if (!add_keyslot(device, request, i, err))
            return false;
    }
    return true;
}

static struct bytes *read_back(int fd, struct error *err)
{
    OWNED(bytes) bytes = bytes_new(LUKS2_HEADER_BYTES, err);

    if (bytes == NULL)
        return NULL;
    if (pread(fd, bytes->data, bytes->size, 0) != (ssize_t)bytes->size) {
        error_errno(err, COLDSEAL_IO, "read a LUKS2 header from memory");
        return NULL;
    }
    return TAKE(bytes);
}

static bool add_token(json_object *tokens, unsigned number, json_object *token, struct error *err)
{
    char name[12];

    snprintf(name, sizeof(name), "%u", number);
    return json_add(tokens, name, json_object_get(token), err);
}

/* Tokens get numbers in the order of their keyslots, provenance the last. */
static bool add_tokens(struct luks2_header *header, const struct luks2_request *request,
                       struct error *err)
{
    json_object *tokens;
    unsigned number = 0;

    if (!json_get_object(header->json, "tokens", &tokens, err))
        return false;
    for (size_t i = 0; i < request->keyslot_count; i++) {
        if (request->keyslots[i].token != NULL &&
            !add_token(tokens, number++, request->keyslots[i].token, err))
            return false;
    }
    return request->provenance == NULL || add_token(tokens, number, request->provenance, err);
}

static struct luks2_header *validated_again(const struct luks2_header *header, struct error *err)
{
    OWNED(bytes) bytes = luks2_header_serialise(header, err);

    return bytes == NULL ? NULL : luks2_header_read(bytes, err);
}

struct luks2_header *luks2_build(const struct luks2_request *request, struct error *err)
{
    if (!check_request(request, err))
        return NULL;
    OWNED_FD fd = memfd_create("luks2-header", MFD_CLOEXEC);
    /* libcryptsetup wants to see some data behind the header. */
    if (fd < 0 || ftruncate(fd, LUKS2_HEADER_BYTES + LUKS2_SECTOR_BYTES) != 0) {
        error_errno(err, COLDSEAL_IO, "room for a LUKS2 header in memory");
        return NULL;
    }
    if (!make_keyslots(fd, request, err))
        return NULL;
    OWNED(bytes) bytes = read_back(fd, err);
    if (bytes == NULL)
        return NULL;
    OWNED(luks2_header) header = luks2_header_read(bytes, err);
    if (header == NULL || !add_tokens(header, request, err))
        return NULL;
    return validated_again(header, err);
}
