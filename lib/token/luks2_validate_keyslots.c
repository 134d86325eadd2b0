/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "token/luks2_rules.h"

#define SALT_BYTES 32
#define AF_STRIPES 4000

static bool check_af(json_object *keyslot, struct error *err)
{
    static const char *const names[] = {"type", "stripes", "hash", NULL};
    json_object *af;

    return luks2_rule_object(keyslot, "keyslot-af", "af", &af, err) &&
           luks2_rule_members(af, "keyslot-af-members", names, err) &&
           luks2_rule_string(af, "keyslot-af-type", "type", "luks1", err) &&
           luks2_rule_number(af, "keyslot-af-stripes", "stripes", AF_STRIPES, AF_STRIPES, err) &&
           luks2_rule_string(af, "keyslot-af-hash", "hash", "sha256", err);
}

/* Takes the area with number `index` away from `*used`; none may be used twice. */
static bool check_area_place(json_object *area, uint64_t *used, struct error *err)
{
    uint64_t offset;

    if (!luks2_rule_decimal(area, "keyslot-area-offset", "offset", &offset, err))
        return false;
    if (offset < LUKS2_KEYSLOTS_OFFSET || offset >= LUKS2_HEADER_BYTES)
        return luks2_rule_broken(err, "keyslot-area-offset", "%llu is outside the keyslot area",
                                 (unsigned long long)offset);
    offset -= LUKS2_KEYSLOTS_OFFSET;
    if (offset % LUKS2_AREA_BYTES != 0)
        return luks2_rule_broken(err, "keyslot-area-grid", "an area starts between two areas");
    uint64_t bit = UINT64_C(1) << offset / LUKS2_AREA_BYTES;
    if ((*used & bit) != 0)
        return luks2_rule_broken(err, "keyslot-area-overlap", "two keyslots share an area");
    *used |= bit;
    return true;
}

static bool check_area_size(json_object *area, struct error *err)
{
    uint64_t size;

    if (!luks2_rule_decimal(area, "keyslot-area-size", "size", &size, err))
        return false;
    return size == LUKS2_AREA_BYTES ||
           luks2_rule_broken(err, "keyslot-area-size", "%llu, not %zu", (unsigned long long)size,
                             LUKS2_AREA_BYTES);
}

static bool check_area(json_object *keyslot, uint64_t *used, struct error *err)
{
    static const char *const names[] = {"type", "offset", "size", "encryption", "key_size", NULL};
    json_object *area;

    return luks2_rule_object(keyslot, "keyslot-area", "area", &area, err) &&
           luks2_rule_members(area, "keyslot-area-members", names, err) &&
           luks2_rule_string(area, "keyslot-area-type", "type", "raw", err) &&
           check_area_place(area, used, err) && check_area_size(area, err) &&
           luks2_rule_string(area, "keyslot-area-encryption", "encryption", LUKS2_CIPHER, err) &&
           luks2_rule_number(area, "keyslot-area-key-size", "key_size", LUKS2_VOLUME_KEY_BYTES,
                             LUKS2_VOLUME_KEY_BYTES, err);
}

static bool check_kdf_pbkdf2(json_object *kdf, struct error *err)
{
    static const char *const names[] = {"type", "hash", "iterations", "salt", NULL};
    struct error ignored = {0};

    return luks2_rule_members(kdf, "keyslot-kdf-members", names, err) &&
           (luks2_rule_string(kdf, "keyslot-kdf-hash", "hash", "sha512", &ignored) ||
            luks2_rule_string(kdf, "keyslot-kdf-hash", "hash", "sha256", err)) &&
           luks2_rule_number(kdf, "keyslot-kdf-iterations", "iterations", 1000,
                             LUKS2_MAX_PBKDF2_ITERATIONS, err) &&
           luks2_rule_base64(kdf, "keyslot-kdf-salt", "salt", SALT_BYTES, err);
}

static bool check_kdf_argon2(json_object *kdf, struct error *err)
{
    static const char *const names[] = {"type", "time", "memory", "cpus", "salt", NULL};

    return luks2_rule_members(kdf, "keyslot-kdf-members", names, err) &&
           luks2_rule_number(kdf, "keyslot-kdf-time", "time", 1, LUKS2_MAX_ARGON2_TIME, err) &&
           luks2_rule_number(kdf, "keyslot-kdf-memory", "memory", 32, LUKS2_MAX_ARGON2_KIB, err) &&
           luks2_rule_number(kdf, "keyslot-kdf-cpus", "cpus", 1, LUKS2_MAX_ARGON2_LANES, err) &&
           luks2_rule_base64(kdf, "keyslot-kdf-salt", "salt", SALT_BYTES, err);
}

static bool check_kdf(json_object *keyslot, struct error *err)
{
    struct error ignored = {0};
    const char *type;
    json_object *kdf;

    if (!luks2_rule_object(keyslot, "keyslot-kdf", "kdf", &kdf, err))
        return false;
    if (!json_get_string(kdf, "type", &type, &ignored))
        return luks2_rule_broken(err, "keyslot-kdf-type", "\"type\" is no string");
    if (strcmp(type, "pbkdf2") == 0)
        return check_kdf_pbkdf2(kdf, err);
    if (strcmp(type, "argon2id") == 0 || strcmp(type, "argon2i") == 0)
        return check_kdf_argon2(kdf, err);
    return luks2_rule_broken(err, "keyslot-kdf-type", "unknown kind \"%s\"", type);
}

static bool check_keyslot(json_object *keyslot, uint64_t *used, struct error *err)
{
    static const char *const names[] = {"type", "key_size", "af", "area", "kdf", NULL};

    return luks2_rule_members(keyslot, "keyslot-members", names, err) &&
           luks2_rule_string(keyslot, "keyslot-type", "type", "luks2", err) &&
           luks2_rule_number(keyslot, "keyslot-key-size", "key_size", LUKS2_VOLUME_KEY_BYTES,
                             LUKS2_VOLUME_KEY_BYTES, err) &&
           check_af(keyslot, err) && check_area(keyslot, used, err) && check_kdf(keyslot, err);
}

bool luks2_validate_keyslots(json_object *root, struct error *err)
{
    uint64_t used = 0;
    unsigned number;
    json_object *keyslots;

    if (!luks2_rule_object(root, "keyslots", "keyslots", &keyslots, err))
        return false;
    if (json_object_object_length(keyslots) == 0)
        return luks2_rule_broken(err, "keyslots", "there is none");
    json_object_object_foreach(keyslots, key, keyslot)
    {
        if (!luks2_slot_number(key, LUKS2_MAX_KEYSLOTS, &number))
            return luks2_rule_broken(err, "keyslot-number", "\"%s\"", key);
        if (!check_keyslot(keyslot, &used, err))
            return error_wrap(err, "keyslot %u", number);
    }
    return true;
}
