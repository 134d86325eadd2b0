/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/digest.h"
#include "core/hex.h"
#include "image/nbd.h"
#include "token/provenance.h"

#define CHECKSUM_CHUNK_BYTES ((size_t)1 << 20)

static json_object *text(const char *value)
{
    return json_object_new_string(value);
}

json_object *describe_hex(const void *data, size_t size)
{
    char hex[2 * DIGEST_MAX_BYTES + 1];

    if (size > DIGEST_MAX_BYTES)
        return NULL;
    hex_encode(data, size, hex);
    return text(hex);
}

/* TPM 2.0, part 1, 11.4.3: an extension hashes the old value, here the zeros of power-on, and the
 * new one. */
bool describe_pcr15_after_unlock(json_object *json, const uint8_t pin[PIN_BYTES], struct error *err)
{
    uint8_t values[2 * PIN_BYTES] = {0};
    uint8_t extended[PIN_BYTES];

    memcpy(values + PIN_BYTES, pin, PIN_BYTES);
    return digest_bytes(DIGEST_SHA256, values, sizeof(values), extended, err) &&
           json_add(json, "pcr15_after_unlock", describe_hex(extended, sizeof(extended)), err);
}

static json_object *describe_partition(const struct partition_table *table,
                                       const struct partition *partition, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    char guid[GUID_TEXT_BYTES];

    guid_format(&partition->entry.unique, guid);
    if (json == NULL ||
        !json_add(json, "number", json_object_new_int((int)partition->entry.number), err) ||
        !json_add(json, "role", text(partition_role_name(partition->role)), err) ||
        !json_add(json, "offset_bytes", json_object_new_uint64(partition_offset(table, partition)),
                  err) ||
        !json_add(json, "length_bytes", json_object_new_uint64(partition_length(table, partition)),
                  err) ||
        !json_add(json, "content", text(partition->volume.type), err) ||
        !json_add(json, "label", text(partition->volume.label), err) ||
        !json_add(json, "uuid", text(partition->volume.uuid), err) ||
        !json_add(json, "guid", text(guid), err))
        return NULL;
    return TAKE(json);
}

json_object *describe_partitions(const struct partition_table *table, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (uint32_t i = 0; i < table->count; i++) {
        json_object *item = describe_partition(table, &table->partitions[i], err);
        if (item == NULL || !json_append(array, item, err))
            return NULL;
    }
    return TAKE(array);
}

json_object *describe_cleartext_side(const struct cleartext_side *side, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL || !json_add(json, "shim", text(side->files.shim), err) ||
        !json_add(json, "grub", text(side->files.grub), err) ||
        !json_add(json, "grub_cfg", text(side->files.grub_cfg), err) ||
        !json_add(json, "prepared", json_object_new_boolean(side->prepared), err))
        return NULL;
    if (side->prepared && side->field.is_set &&
        (!json_add(json, "luks_uuid", text(side->field.luks_uuid), err) ||
         !json_add(json, "pin", describe_hex(side->field.pin, PIN_BYTES), err)))
        return NULL;
    return TAKE(json);
}

static bool describe_token(json_object *array, json_object *token, struct error *err)
{
    const char *type;

    return json_get_string(token, "type", &type, err) && json_append(array, text(type), err);
}

static json_object *describe_tokens(const struct luks2_header *header, struct error *err)
{
    static const char *const types[] = {"systemd-tpm2", "systemd-recovery", PROVENANCE_TOKEN_TYPE};
    OWNED_JSON array = json_new_array(err);
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];

    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        size_t count = luks2_header_tokens(header, types[t], tokens, numbers, LUKS2_MAX_TOKENS);
        for (size_t i = 0; i < count; i++) {
            if (!describe_token(array, tokens[i], err))
                return NULL;
        }
    }
    return TAKE(array);
}

static bool describe_provenance(json_object *json, const struct luks2_header *header,
                                struct error *err)
{
    json_object *token;
    unsigned number;

    if (luks2_header_tokens(header, PROVENANCE_TOKEN_TYPE, &token, &number, 1) == 0)
        return true;
    return json_add(json, "provenance", json_object_get(token), err);
}

json_object *describe_header(const struct luks2_header *header, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL || !json_add(json, "uuid", text(header->uuid), err) ||
        !json_add(json, "label", text(header->label), err) ||
        !json_add(json, "cipher", text(LUKS2_CIPHER), err) ||
        !json_add(json, "key_bits", json_object_new_int(LUKS2_VOLUME_KEY_BYTES * 8), err) ||
        !json_add(json, "sector_bytes", json_object_new_int(LUKS2_SECTOR_BYTES), err) ||
        !json_add(json, "keyslots", json_object_new_int((int)luks2_header_keyslot_count(header)),
                  err) ||
        !json_add(json, "tokens", describe_tokens(header, err), err) ||
        !describe_provenance(json, header, err))
        return NULL;
    return TAKE(json);
}

static json_object *describe_lines(const struct lines *lines, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (size_t i = 0; i < lines->count; i++) {
        if (!json_append(array, text(lines->items[i]), err))
            return NULL;
    }
    return TAKE(array);
}

json_object *describe_guest(const struct guest_result *guest, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    if (json == NULL || !json_add(json, "os", text(guest->os_name), err) ||
        !json_add(json, "initramfs", text(guest->initramfs), err) ||
        !json_add(json, "kernel", text(guest->kernel), err) ||
        !json_add(json, "appliance", text(guest->accelerator), err) ||
        (guest->appliance_because[0] != '\0' &&
         !json_add(json, "appliance_because", text(guest->appliance_because), err)) ||
        !json_add(json, "changes", describe_lines(&guest->changes, err), err) ||
        !json_add(json, "warnings", describe_lines(&guest->warnings, err), err))
        return NULL;
    return TAKE(json);
}

static json_object *describe_unproven(const struct target *target, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (const char *const *line = target_unproven(target); *line != NULL; line++) {
        if (!json_append(array, text(*line), err))
            return NULL;
    }
    return TAKE(array);
}

json_object *describe_target(const struct target *target, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    const struct bytes *name = target->name;

    if (json == NULL || !json_add(json, "kind", text(target->kind), err) ||
        /* the marshalled name begins with its own size, 2 bytes */
        !json_add(json, "name", describe_hex(name->data + 2, name->size - 2), err) ||
        !json_add(json, "origin", text(target->origin), err) ||
        !json_add(json, "not_proven", describe_unproven(target, err), err))
        return NULL;
    return TAKE(json);
}

static bool digest_file(struct digest *digest, int fd, uint8_t *buffer, struct error *err)
{
    for (;;) {
        ssize_t got = read(fd, buffer, CHECKSUM_CHUNK_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, COLDSEAL_IO, "read");
        if (got == 0)
            return true;
        if (!digest_update(digest, buffer, (size_t)got, err))
            return false;
    }
}

json_object *describe_checksum(const char *path, struct error *err)
{
    OWNED_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    OWNED_PTR(uint8_t) buffer = malloc(CHECKSUM_CHUNK_BYTES);
    OWNED(digest) digest = digest_new(DIGEST_SHA256, err);
    uint8_t value[32];

    if (fd < 0) {
        error_errno(err, COLDSEAL_IO, "open %s", path);
        return NULL;
    }
    if (buffer == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (digest == NULL || !digest_file(digest, fd, buffer, err) ||
        !digest_final(digest, value, err))
        return NULL;
    return describe_hex(value, sizeof(value));
}

bool describe_file(json_object *report, const char *key, const char *path, const struct disk *disk,
                   json_object *sha256, struct error *err)
{
    OWNED_JSON sum = sha256;
    OWNED_JSON json = json_new_object(err);

    if (json == NULL || !json_add(json, "path", text(path), err) ||
        !json_add(json, "format", text(disk_format(disk)), err) ||
        !json_add(json, "disk_size_bytes", json_object_new_uint64(disk_size(disk)), err))
        return false;
    if (sum != NULL && !json_add(json, "sha256", TAKE(sum), err))
        return false;
    return json_add(report, key, TAKE(json), err);
}

bool describe_input(json_object *report, const struct input *input, const struct disk *disk,
                    bool with_checksum, struct error *err)
{
    json_object *sum = NULL;

    if (with_checksum && input_is_file(input) &&
        (sum = describe_checksum(input_path(input), err)) == NULL)
        return false;
    return describe_file(report, "input", input_name(input), disk, sum, err);
}

bool describe_output(json_object *report, const char *path, const struct disk *disk,
                     bool with_checksum, struct error *err)
{
    json_object *sum = NULL;

    if (with_checksum && !nbd_is_uri(path) && (sum = describe_checksum(path, err)) == NULL)
        return false;
    return describe_file(report, "output", path, disk, sum, err);
}
