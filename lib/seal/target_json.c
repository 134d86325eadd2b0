/* SPDX-License-Identifier: Apache-2.0 */
/* The target document. */
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/hex.h"
#include "seal/public.h"
#include "seal/target_new.h"

#define TARGET_TYPE "coldseal-target"
/* EK certificates have some 1 to 2 KiB. */
#define CERTIFICATE_LIMIT_BYTES ((size_t)16 << 10)

static struct bytes *member_base64(json_object *json, const char *key, size_t limit_bytes,
                                   struct error *err)
{
    const char *text;

    if (!json_get_string(json, key, &text, err))
        return NULL;
    OWNED(bytes) bytes = base64_decode(text, err);
    if (bytes == NULL) {
        error_wrap(err, "member \"%s\"", key);
        return NULL;
    }
    if (bytes->size == 0 || bytes->size > limit_bytes) {
        error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" has %zu bytes", key, bytes->size);
        return NULL;
    }
    return TAKE(bytes);
}

/* A member that may be absent; `*bytes` stays NULL then. */
static bool optional_base64(json_object *json, const char *key, size_t limit_bytes,
                            struct bytes **bytes, struct error *err)
{
    json_object *member;

    if (!json_object_object_get_ex(json, key, &member))
        return true;
    *bytes = member_base64(json, key, limit_bytes, err);
    return *bytes != NULL;
}

static bool optional_text(json_object *json, const char *key, char *text, size_t size,
                          struct error *err)
{
    json_object *member;
    const char *value;

    if (!json_object_object_get_ex(json, key, &member))
        return true;
    if (!json_get_string(json, key, &value, err))
        return false;
    if (strlen(value) >= size)
        return error_set(err, COLDSEAL_BAD_IMAGE, "member \"%s\" is too long", key);
    snprintf(text, size, "%s", value);
    return true;
}

static bool check_format(json_object *json, struct error *err)
{
    const char *type;
    uint64_t format;

    if (!json_get_string(json, "type", &type, err) || !json_get_u64(json, "format", &format, err))
        return false;
    if (strcmp(type, TARGET_TYPE) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "type is \"%s\", not \"" TARGET_TYPE "\"", type);
    if (format != TARGET_FORMAT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "format %llu of a newer coldseal",
                         (unsigned long long)format);
    return true;
}

/* Written for people; a document in which it is another key's was put together wrongly. */
static bool check_name(json_object *json, const struct target *target, struct error *err)
{
    json_object *member;
    const char *text;
    char expected[2 * sizeof(TPM2B_NAME) + 1];

    if (!json_object_object_get_ex(json, "name", &member))
        return true;
    if (!json_get_string(json, "name", &text, err))
        return false;
    hex_encode(target->name->data + 2, target->name->size - 2, expected);
    return strcmp(text, expected) == 0 ||
           error_set(err, COLDSEAL_BAD_IMAGE, "the name is not that of the storage key");
}

static bool read_place(json_object *json, struct target *target, struct error *err)
{
    uint64_t handle;

    if (!json_get_bool(json, "persisted", &target->persisted, err) ||
        !json_get_u64(json, "handle", &handle, err))
        return false;
    if (handle != (target->persisted ? SRK_HANDLE : 0))
        return error_set(err, COLDSEAL_UNSUPPORTED, "storage key at handle 0x%llx",
                         (unsigned long long)handle);
    target->handle = (uint32_t)handle;
    return true;
}

static bool read_vouching(json_object *json, struct target *target, struct error *err)
{
    return optional_base64(json, "ek_public", PUBLIC_LIMIT_BYTES, &target->ek_public, err) &&
           optional_base64(json, "ek_certificate", CERTIFICATE_LIMIT_BYTES, &target->ek_certificate,
                           err) &&
           optional_text(json, "manufacturer", target->manufacturer, sizeof(target->manufacturer),
                         err) &&
           optional_text(json, "firmware", target->firmware, sizeof(target->firmware), err) &&
           optional_text(json, "origin", target->origin, sizeof(target->origin), err);
}

static struct target *target_parse(json_object *json, struct error *err)
{
    const char *kind;
    TPM2B_PUBLIC public;

    if (!check_format(json, err) || !json_get_string(json, "kind", &kind, err))
        return NULL;
    OWNED(bytes) key = member_base64(json, "storage_key", PUBLIC_LIMIT_BYTES, err);
    if (key == NULL || !public_parse(key->data, key->size, &public, err))
        return NULL;
    OWNED(target) target = target_new(&public, kind, "document", err);
    if (target == NULL || !check_name(json, target, err) || !read_place(json, target, err) ||
        !read_vouching(json, target, err))
        return NULL;
    return TAKE(target);
}

struct target *target_from_json(json_object *json, struct error *err)
{
    struct target *target = target_parse(json, err);

    if (target == NULL)
        error_wrap(err, "target document");
    return target;
}

static bool add_base64(json_object *json, const char *key, const struct bytes *bytes,
                       struct error *err)
{
    if (bytes == NULL)
        return true;
    OWNED_PTR(char) text = base64_encode(bytes->data, bytes->size, err);
    return text != NULL && json_add(json, key, json_object_new_string(text), err);
}

static bool add_text(json_object *json, const char *key, const char *text, struct error *err)
{
    return text[0] == '\0' || json_add(json, key, json_object_new_string(text), err);
}

static bool add_name(json_object *json, const struct bytes *name, struct error *err)
{
    char text[2 * sizeof(TPM2B_NAME) + 1];

    hex_encode(name->data + 2, name->size - 2, text);
    return json_add(json, "name", json_object_new_string(text), err);
}

json_object *target_to_json(const struct target *target, struct error *err)
{
    OWNED_JSON json = json_object_new_object();

    if (json == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!add_text(json, "type", TARGET_TYPE, err) ||
        !json_add(json, "format", json_object_new_int(TARGET_FORMAT), err) ||
        !add_text(json, "kind", target->kind, err) ||
        !add_base64(json, "storage_key", target->storage_key, err) ||
        !add_name(json, target->name, err) ||
        !json_add(json, "persisted", json_object_new_boolean(target->persisted), err) ||
        !json_add(json, "handle", json_object_new_int64(target->handle), err) ||
        !add_text(json, "origin", target->origin, err) ||
        !add_base64(json, "ek_public", target->ek_public, err) ||
        !add_base64(json, "ek_certificate", target->ek_certificate, err) ||
        !add_text(json, "manufacturer", target->manufacturer, err) ||
        !add_text(json, "firmware", target->firmware, err))
        return NULL;
    return TAKE(json);
}
