/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata as a whole, its segment and its configuration. */
#include <stdio.h>

#include "token/luks2_rules.h"

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

/* The frozen sizes as the metadata writes them. */
#define SEGMENT_OFFSET 16777216
#define JSON_SIZE 126976
#define KEYSLOTS_SIZE 16515072
_Static_assert(SEGMENT_OFFSET == LUKS2_HEADER_BYTES, "the data starts behind the header");
_Static_assert(JSON_SIZE == LUKS2_METADATA_BYTES - 4096, "4 KiB of binary header, then JSON");
_Static_assert(KEYSLOTS_SIZE == LUKS2_KEYSLOTS_BYTES, "keyslots up to the data");
_Static_assert(LUKS2_AREA_COUNT *LUKS2_AREA_BYTES == LUKS2_KEYSLOTS_BYTES, "areas fill it");

static bool only_segment(json_object *root, json_object **segment, struct error *err)
{
    static const char *const names[] = {"0", NULL};
    json_object *segments;

    return luks2_rule_object(root, "segments", "segments", &segments, err) &&
           luks2_rule_members(segments, "one-segment", names, err) &&
           luks2_rule_object(segments, "segment-object", "0", segment, err);
}

bool luks2_validate_segments(json_object *root, struct error *err)
{
    static const char *const names[] = {"type",       "offset",      "size", "iv_tweak",
                                        "encryption", "sector_size", NULL};
    json_object *segment;

    return only_segment(root, &segment, err) &&
           luks2_rule_string(segment, "segment-type", "type", "crypt", err) &&
           luks2_rule_members(segment, "segment-members", names, err) &&
           luks2_rule_string(segment, "segment-offset", "offset", TEXT_OF(SEGMENT_OFFSET), err) &&
           luks2_rule_string(segment, "segment-size", "size", "dynamic", err) &&
           luks2_rule_string(segment, "segment-iv-tweak", "iv_tweak", "0", err) &&
           luks2_rule_string(segment, "segment-encryption", "encryption", LUKS2_CIPHER, err) &&
           luks2_rule_number(segment, "segment-sector-size", "sector_size", LUKS2_SECTOR_BYTES,
                             LUKS2_SECTOR_BYTES, err);
}

/* "flags" and "requirements" are not in the list: neither may be there, not even empty, since
 * that is how the format says that there are none. */
bool luks2_validate_config(json_object *root, struct error *err)
{
    static const char *const names[] = {"json_size", "keyslots_size", NULL};
    json_object *config;

    return luks2_rule_object(root, "config", "config", &config, err) &&
           luks2_rule_members(config, "config-members", names, err) &&
           luks2_rule_string(config, "config-json-size", "json_size", TEXT_OF(JSON_SIZE), err) &&
           luks2_rule_string(config, "config-keyslots-size", "keyslots_size",
                             TEXT_OF(KEYSLOTS_SIZE), err);
}

bool luks2_validate_json(json_object *root, struct error *err)
{
    static const char *const names[] = {"keyslots", "tokens", "segments",
                                        "digests",  "config", NULL};

    return luks2_rule_members(root, "top-level-members", names, err) &&
           luks2_validate_config(root, err) && luks2_validate_segments(root, err) &&
           luks2_validate_keyslots(root, err) && luks2_validate_digests(root, err) &&
           luks2_validate_tokens(root, err);
}
