/* SPDX-License-Identifier: Apache-2.0 */
/* A new header: libcryptsetup makes keyslots and digest in memory; tokens, checksums and the bytes
 * are ours, and the result has to pass the validator like any other. libcryptsetup gets a keyslot
 * area that is just large enough, since it fills what it gets with random bytes. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "crypt/luks2.h"
#include "crypt/luks2_device.h"
#include "crypt/luks2_keep.h"

/* The least that libcryptsetup takes; a secret of 128 random bits needs no stretching. */
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

/* Keyslots that libcryptsetup makes; their areas come first, one behind the other. */
static size_t made_count(const struct luks2_request *request)
{
    size_t count = 0;

    for (size_t i = 0; i < request->keyslot_count; i++)
        count += request->keyslots[i].kept_in == NULL;
    return count;
}

/* libcryptsetup wants room for one. */
static size_t made_bytes(const struct luks2_request *request)
{
    size_t made = made_count(request);

    return (made == 0 ? 1 : made) * LUKS2_AREA_BYTES;
}

/* Right behind the keyslots, since libcryptsetup writes zeros up to there. */
static size_t data_offset(const struct luks2_request *request)
{
    return LUKS2_KEYSLOTS_OFFSET + made_bytes(request);
}

static bool format_header(struct luks2_device *device, const struct luks2_request *request,
                          struct error *err)
{
    struct crypt_params_luks2 params = {
        .pbkdf = &cost_random,
        .data_alignment = (uint32_t)(data_offset(request) / 512),
        .sector_size = LUKS2_SECTOR_BYTES,
    };
    int code = crypt_set_metadata_size(device->cd, LUKS2_METADATA_BYTES, made_bytes(request));

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

static bool make_keyslots(struct luks2_device *device, const struct luks2_request *request,
                          struct error *err)
{
    if (!format_header(device, request, err))
        return false;
    for (unsigned i = 0; i < request->keyslot_count; i++) {
        if (request->keyslots[i].kept_in == NULL && !add_keyslot(device, request, i, err))
            return false;
    }
    return true;
}

static bool set_size(json_object *object, const char *name, size_t size, struct error *err)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", size);
    return json_add(object, name, json_object_new_string(text), err);
}

/* The frozen geometry in place of the one that was just large enough. */
static json_object *take_metadata(struct luks2_device *device, struct error *err)
{
    const char *text;
    json_object *config, *segments, *segment;
    int code = crypt_dump_json(device->cd, &text, 0);

    if (code < 0) {
        luks2_device_failed(device, code, "read the new LUKS2 header", err);
        return NULL;
    }
    OWNED_JSON json = json_parse(text, strlen(text), err);
    if (json == NULL || !json_get_object(json, "config", &config, err) ||
        !set_size(config, "keyslots_size", LUKS2_KEYSLOTS_BYTES, err) ||
        !json_get_object(json, "segments", &segments, err) ||
        !json_get_object(segments, "0", &segment, err) ||
        !set_size(segment, "offset", LUKS2_HEADER_BYTES, err))
        return NULL;
    return TAKE(json);
}

static struct bytes *take_areas(int fd, size_t count, struct error *err)
{
    OWNED(bytes) area = bytes_new(LUKS2_KEYSLOTS_BYTES, err);
    size_t size = count * LUKS2_AREA_BYTES;

    if (area == NULL)
        return NULL;
    if (pread(fd, area->data, size, LUKS2_KEYSLOTS_OFFSET) != (ssize_t)size) {
        error_errno(err, COLDSEAL_IO, "read a LUKS2 header from memory");
        return NULL;
    }
    return TAKE(area);
}

static struct luks2_header *make_header(int fd, const struct luks2_request *request,
                                        struct error *err)
{
    OWNED(luks2_device) device = luks2_device_new(fd, err);
    OWNED(luks2_header) header = calloc(1, sizeof(*header));

    if (device == NULL || !make_keyslots(device, request, err))
        return NULL;
    if (header == NULL) {
        error_no_memory(err);
        return NULL;
    }
    header->json = take_metadata(device, err);
    header->area = header->json == NULL ? NULL : take_areas(fd, made_count(request), err);
    if (header->area == NULL)
        return NULL;
    snprintf(header->uuid, sizeof(header->uuid), "%s", crypt_get_uuid(device->cd));
    snprintf(header->label, sizeof(header->label), "%s", LUKS2_LABEL);
    header->sequence_id = 1;
    return TAKE(header);
}

static bool keep_keyslots(struct luks2_header *header, const struct luks2_request *request,
                          struct error *err)
{
    unsigned index = (unsigned)made_count(request);

    for (unsigned i = 0; i < request->keyslot_count; i++) {
        const struct luks2_keyslot *slot = &request->keyslots[i];
        if (slot->kept_in != NULL &&
            !luks2_keep_keyslot(header, i, index++, slot->kept_in, slot->kept_number, err))
            return false;
    }
    return true;
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

static struct luks2_header *validated(const struct luks2_header *header, struct error *err)
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
    if (fd < 0 || ftruncate(fd, (off_t)(data_offset(request) + LUKS2_SECTOR_BYTES)) != 0) {
        error_errno(err, COLDSEAL_IO, "room for a LUKS2 header in memory");
        return NULL;
    }
    OWNED(luks2_header) header = make_header(fd, request, err);
    if (header == NULL || !keep_keyslots(header, request, err) || !add_tokens(header, request, err))
        return NULL;
    return validated(header, err);
}
