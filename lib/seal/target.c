/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/target.h"

#include <stdio.h>
#include <string.h>

#include "seal/public.h"
#include "seal/target_new.h"

#define TARGET_FILE_LIMIT_BYTES ((size_t)256 << 10)

void target_free(struct target *target)
{
    if (target == NULL)
        return;
    bytes_free(target->storage_key);
    bytes_free(target->name);
    bytes_free(target->ek_public);
    bytes_free(target->ek_certificate);
    free(target);
}

static struct bytes *name_marshal(const TPM2B_NAME *name, struct error *err)
{
    struct bytes *bytes = bytes_new(sizeof(uint16_t) + name->size, err);

    if (bytes == NULL)
        return NULL;
    bytes->data[0] = (uint8_t)(name->size >> 8);
    bytes->data[1] = (uint8_t)name->size;
    memcpy(bytes->data + sizeof(uint16_t), name->name, name->size);
    return bytes;
}

static bool kind_check(const char *kind, struct error *err)
{
    if (strcmp(kind, "srk") == 0)
        return true;
    if (strcmp(kind, "ek") == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the key is an endorsement key (ek): sealing to one is not supported yet, "
                         "give the storage key (srk)");
    return error_set(err, COLDSEAL_UNSUPPORTED, "unknown kind of storage key \"%s\"", kind);
}

struct target *target_new(const TPM2B_PUBLIC *storage_key, const char *kind, const char *origin,
                          struct error *err)
{
    TPM2B_NAME name;
    OWNED(target) target = calloc(1, sizeof(*target));

    if (target == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!kind_check(kind, err) || !public_check_storage_key(storage_key, err) ||
        !public_name(storage_key, &name, err))
        return NULL;
    target->storage_key = public_marshal(storage_key, err);
    target->name = name_marshal(&name, err);
    if (target->storage_key == NULL || target->name == NULL)
        return NULL;
    snprintf(target->kind, sizeof(target->kind), "%s", kind);
    snprintf(target->origin, sizeof(target->origin), "%s", origin);
    return TAKE(target);
}

static bool is_target_document(const struct bytes *bytes)
{
    size_t i = 0;

    while (i < bytes->size && strchr(" \t\r\n", bytes->data[i]) != NULL && bytes->data[i] != 0)
        i++;
    return i < bytes->size && bytes->data[i] == '{';
}

struct target *target_read_file(const char *path, struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(path, TARGET_FILE_LIMIT_BYTES, err);

    if (bytes == NULL)
        return NULL;
    if (!is_target_document(bytes)) {
        error_set(err, COLDSEAL_BAD_IMAGE,
                  "%s: not a target document; a bare public key is given with --parent and "
                  "--parent-kind",
                  path);
        return NULL;
    }
    OWNED_JSON json = json_parse((const char *)bytes->data, bytes->size, err);
    struct target *target = json == NULL ? NULL : target_from_json(json, err);
    if (target == NULL)
        error_wrap(err, "%s", path);
    return target;
}

/* TPM2B_PUBLIC and TPMT_PUBLIC start with bytes that neither PEM nor DER has: a small size or the
 * type 1 or 35, where the others have '-' or 0x30. */
static bool is_spki(const struct bytes *bytes)
{
    return bytes->size > 0 && (bytes->data[0] == 0x30 || bytes->data[0] == '-');
}

static struct target *target_from_bytes(const struct bytes *bytes, const char *kind,
                                        struct error *err)
{
    TPM2B_PUBLIC public;

    if (kind == NULL) {
        error_set(err, COLDSEAL_USAGE, "a bare public key does not tell what it is: say its kind");
        return NULL;
    }
    if (!kind_check(kind, err))
        return NULL;
    if (!(is_spki(bytes) ? public_from_spki(bytes->data, bytes->size, &public, err)
                         : public_parse(bytes->data, bytes->size, &public, err)))
        return NULL;
    return target_new(&public, kind, "file", err);
}

struct target *target_from_public(const char *path, const char *kind, struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(path, TARGET_FILE_LIMIT_BYTES, err);
    struct target *target = bytes == NULL ? NULL : target_from_bytes(bytes, kind, err);

    if (bytes != NULL && target == NULL)
        error_wrap(err, "%s", path);
    return target;
}

static const char *const unproven_without_certificate[] = {
    "that the storage key belongs to a TPM: there is no endorsement key certificate",
    "that the TPM is a virtual machine's own and out of its host's reach",
    NULL,
};

static const char *const unproven_with_certificate[] = {
    "that the storage key belongs to the TPM of the endorsement key certificate: no credential was "
    "activated",
    "that the endorsement key certificate is genuine: its chain was not checked",
    "that the TPM is a virtual machine's own and out of its host's reach",
    NULL,
};

const char *const *target_unproven(const struct target *target)
{
    return target->ek_certificate == NULL ? unproven_without_certificate
                                          : unproven_with_certificate;
}
