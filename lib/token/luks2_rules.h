/* SPDX-License-Identifier: Apache-2.0 */
/* The allow-list for LUKS2 metadata (LUKS2 On-Disk Format Specification 1.1.2, chapter 3), one
 * small function for each rule. Private to lib/token. */
#ifndef TOKEN_LUKS2_RULES_H
#define TOKEN_LUKS2_RULES_H

#include "token/luks2_header.h"

/* Always false: COLDSEAL_BAD_IMAGE, "LUKS2 header breaks rule NAME: …". */
bool luks2_rule_broken(struct error *err, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The whole of the metadata. */
bool luks2_validate_json(json_object *root, struct error *err);

/* The requirement of a disk that is being rekeyed; see luks2_rekey.h. False for any other JSON. */
#define LUKS2_REKEY_REQUIREMENT "coldseal-rekey"
bool luks2_is_rekeying(json_object *root);

/* Its parts; `root` is the object that holds them all. */
bool luks2_validate_segments(json_object *root, struct error *err);
bool luks2_validate_config(json_object *root, struct error *err);
bool luks2_validate_keyslots(json_object *root, struct error *err);
bool luks2_validate_digests(json_object *root, struct error *err);
bool luks2_validate_tokens(json_object *root, struct error *err);

/* Steps that the parts share. Each names `rule` when it fails. */

/* `object` is an object with exactly the members in `names`, which ends in NULL. */
bool luks2_rule_members(json_object *object, const char *rule, const char *const *names,
                        struct error *err);
bool luks2_rule_string(json_object *object, const char *rule, const char *key, const char *expected,
                       struct error *err);
bool luks2_rule_number(json_object *object, const char *rule, const char *key, uint64_t least,
                       uint64_t most, struct error *err);
/* A number written as a string, the way the format writes 64-bit values: digits, no leading zero.
 */
bool luks2_rule_decimal(json_object *object, const char *rule, const char *key, uint64_t *value,
                        struct error *err);
/* Base64 text of exactly `size` bytes. */
bool luks2_rule_base64(json_object *object, const char *rule, const char *key, size_t size,
                       struct error *err);
/* The member `key` of `root`, which must be an object. */
bool luks2_rule_object(json_object *root, const char *rule, const char *key, json_object **object,
                       struct error *err);

/* "0" to "31", as keyslots and tokens are named. */
bool luks2_slot_number(const char *text, unsigned limit, unsigned *number);
/* An array of names of keyslots that exist, none twice; bit N of `*mask`: keyslot N. */
bool luks2_rule_keyslot_list(json_object *root, json_object *object, const char *rule,
                             uint32_t *mask, struct error *err);

/* A copy with members in canonical order (numbers by value, the rest by bytes). Refuses null and
 * fractional numbers. */
json_object *luks2_canonical_json(json_object *json, struct error *err);

#endif
