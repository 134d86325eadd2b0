/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "token/luks2_rules.h"

#define SALT_BYTES 32
#define DIGEST_BYTES 32

static bool covers_segment(json_object *digest, struct error *err)
{
    struct error ignored = {0};
    json_object *segments;

    if (!json_get_array(digest, "segments", &segments, &ignored) ||
        json_object_array_length(segments) != 1)
        return luks2_rule_broken(err, "digest-segments", "does not name one segment");
    json_object *name = json_object_array_get_idx(segments, 0);
    if (!json_object_is_type(name, json_type_string) ||
        strcmp(json_object_get_string(name), "0") != 0)
        return luks2_rule_broken(err, "digest-segments", "does not name segment 0");
    return true;
}

/* A keyslot outside the digest could hold any key, and the digest is what says that a key is the
 * volume's. */
static bool covers_keyslots(json_object *root, json_object *digest, struct error *err)
{
    json_object *keyslots;
    uint32_t mask;

    if (!luks2_rule_keyslot_list(root, digest, "digest-keyslots", &mask, err) ||
        !luks2_rule_object(root, "keyslots", "keyslots", &keyslots, err))
        return false;
    return __builtin_popcount(mask) == json_object_object_length(keyslots) ||
           luks2_rule_broken(err, "digest-keyslots", "does not name every keyslot");
}

bool luks2_validate_digests(json_object *root, struct error *err)
{
    static const char *const only[] = {"0", NULL};
    static const char *const names[] = {"type",       "keyslots", "segments", "hash",
                                        "iterations", "salt",     "digest",   NULL};
    json_object *digests;
    json_object *digest;

    return luks2_rule_object(root, "digests", "digests", &digests, err) &&
           luks2_rule_members(digests, "one-digest", only, err) &&
           luks2_rule_object(digests, "digest-object", "0", &digest, err) &&
           luks2_rule_members(digest, "digest-members", names, err) &&
           luks2_rule_string(digest, "digest-type", "type", "pbkdf2", err) &&
           luks2_rule_string(digest, "digest-hash", "hash", "sha256", err) &&
           luks2_rule_number(digest, "digest-iterations", "iterations", 1000,
                             LUKS2_MAX_DIGEST_ITERATIONS, err) &&
           luks2_rule_base64(digest, "digest-salt", "salt", SALT_BYTES, err) &&
           luks2_rule_base64(digest, "digest-value", "digest", DIGEST_BYTES, err) &&
           covers_segment(digest, err) && covers_keyslots(root, digest, err);
}
