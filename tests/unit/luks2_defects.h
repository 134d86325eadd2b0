/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a LUKS2 header whose checksums are right, and the rule that refuses it. */
#ifndef TESTS_LUKS2_DEFECTS_H
#define TESTS_LUKS2_DEFECTS_H

#include <stddef.h>

#include "luks2_patch.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* One member of the metadata is changed: JSON pointer, new value (NULL: removed), rule. */
struct member_defect {
    const char *name;
    const char *pointer;
    const char *value;
    const char *rule;
};

#define KDF "/keyslots/0/kdf"
#define AREA "/keyslots/0/area"
#define SALT_31 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\""

static const struct member_defect member_defects[] = {
    {"null cipher of the data", "/segments/0/encryption", "\"cipher_null-ecb\"",
     "segment-encryption"},
    {"other cipher of the data", "/segments/0/encryption", "\"aes-cbc-plain64\"",
     "segment-encryption"},
    {"cipher as an array", "/segments/0/encryption", "[\"aes-xts-plain64\"]", "segment-encryption"},
    {"segment offset", "/segments/0/offset", "\"16781312\"", "segment-offset"},
    {"segment offset with a leading zero", "/segments/0/offset", "\"016777216\"", "segment-offset"},
    {"segment offset as a number", "/segments/0/offset", "16777216", "segment-offset"},
    {"segment size", "/segments/0/size", "\"4096\"", "segment-size"},
    {"sector size", "/segments/0/sector_size", "512", "segment-sector-size"},
    {"sector size negative", "/segments/0/sector_size", "-4096", "segment-sector-size"},
    {"iv tweak", "/segments/0/iv_tweak", "\"8\"", "segment-iv-tweak"},
    {"linear segment", "/segments/0/type", "\"linear\"", "segment-type"},
    {"second segment", "/segments/1",
     "{\"type\":\"linear\",\"offset\":\"16777216\",\"size\":\"4096\"}", "one-segment"},
    {"no segment", "/segments/0", NULL, "one-segment"},
    {"backup segment", "/segments/0/flags", "[\"backup-final\"]", "segment-members"},
    {"integrity", "/segments/0/integrity", "{\"type\":\"hmac(sha256)\"}", "segment-members"},
    {"segment is an array", "/segments/0", "[]", "segment-object"},
    {"persistent flags", "/config/flags", "[\"allow-discards\"]", "config-members"},
    {"empty flags", "/config/flags", "[]", "config-members"},
    {"reencryption", "/config/requirements", "{\"mandatory\":[\"online-reencrypt-v2\"]}",
     "config-members"},
    {"JSON size", "/config/json_size", "\"12288\"", "config-json-size"},
    {"keyslot area's size", "/config/keyslots_size", "\"16777216\"", "config-keyslots-size"},
    {"unknown top level", "/extra", "{}", "top-level-members"},
    {"no tokens", "/tokens", NULL, "top-level-members"},
    {"null keyslot cipher", AREA "/encryption", "\"cipher_null-ecb\"", "keyslot-area-encryption"},
    {"keyslot's key size", "/keyslots/0/key_size", "32", "keyslot-key-size"},
    {"keyslot's own key size", AREA "/key_size", "32", "keyslot-area-key-size"},
    {"reencrypt keyslot", "/keyslots/0/type", "\"reencrypt\"", "keyslot-type"},
    {"keyslot priority", "/keyslots/0/priority", "2", "keyslot-members"},
    {"keyslot without area", "/keyslots/0/area", NULL, "keyslot-members"},
    {"keyslot number 32", "/keyslots/32", "{}", "keyslot-number"},
    {"keyslot number 01", "/keyslots/01", "{}", "keyslot-number"},
    {"keyslot number x", "/keyslots/x", "{}", "keyslot-number"},
    {"no keyslots", "/keyslots", "{}", "keyslots"},
    {"keyslots as an array", "/keyslots", "[]", "keyslots"},
    {"stripes", "/keyslots/0/af/stripes", "1", "keyslot-af-stripes"},
    {"anti-forensic kind", "/keyslots/0/af/type", "\"none\"", "keyslot-af-type"},
    {"anti-forensic hash", "/keyslots/0/af/hash", "\"sha1\"", "keyslot-af-hash"},
    {"anti-forensic extra", "/keyslots/0/af/extra", "0", "keyslot-af-members"},
    {"area kind", AREA "/type", "\"journal\"", "keyslot-area-type"},
    {"area extra", AREA "/shift_size", "\"0\"", "keyslot-area-members"},
    {"area in the metadata", AREA "/offset", "\"4096\"", "keyslot-area-offset"},
    {"area in the data", AREA "/offset", "\"16777216\"", "keyslot-area-offset"},
    {"area offset overflows", AREA "/offset", "\"18446744073709551616\"", "keyslot-area-offset"},
    {"area offset is text", AREA "/offset", "\"0x40000\"", "keyslot-area-offset"},
    {"area between areas", AREA "/offset", "\"266240\"", "keyslot-area-grid"},
    {"areas overlap", AREA "/offset", "\"520192\"", "keyslot-area-overlap"},
    {"area size", AREA "/size", "\"4096\"", "keyslot-area-size"},
    {"derivation kind", KDF "/type", "\"scrypt\"", "keyslot-kdf-type"},
    {"derivation kind is a number", KDF "/type", "1", "keyslot-kdf-type"},
    {"derivation hash", KDF "/hash", "\"sha1\"", "keyslot-kdf-hash"},
    {"derivation iterations", KDF "/iterations", "10000001", "keyslot-kdf-iterations"},
    {"derivation iterations of 63 bits", KDF "/iterations", "9223372036854775807",
     "keyslot-kdf-iterations"},
    {"derivation iterations low", KDF "/iterations", "999", "keyslot-kdf-iterations"},
    {"derivation salt", KDF "/salt", SALT_31, "keyslot-kdf-salt"},
    {"derivation salt is no base64", KDF "/salt", "\"?\"", "keyslot-kdf-salt"},
    {"derivation extra", KDF "/memory", "1", "keyslot-kdf-members"},
    {"argon2 memory", "/keyslots/2/kdf/memory", "4194304", "keyslot-kdf-memory"},
    {"argon2 time", "/keyslots/2/kdf/time", "4294967295", "keyslot-kdf-time"},
    {"argon2 lanes", "/keyslots/2/kdf/cpus", "5", "keyslot-kdf-cpus"},
    {"argon2 extra", "/keyslots/2/kdf/hash", "\"sha256\"", "keyslot-kdf-members"},
    {"argon2 salt", "/keyslots/2/kdf/salt", SALT_31, "keyslot-kdf-salt"},
    {"second digest", "/digests/1", "{}", "one-digest"},
    {"no digest", "/digests/0", NULL, "one-digest"},
    {"digest kind", "/digests/0/type", "\"none\"", "digest-type"},
    {"digest hash", "/digests/0/hash", "\"sha1\"", "digest-hash"},
    {"digest iterations", "/digests/0/iterations", "1000001", "digest-iterations"},
    {"digest salt", "/digests/0/salt", SALT_31, "digest-salt"},
    {"digest is short", "/digests/0/digest", SALT_31, "digest-value"},
    {"digest extra", "/digests/0/extra", "1", "digest-members"},
    {"digest without segment", "/digests/0/segments", "[]", "digest-segments"},
    {"digest with another segment", "/digests/0/segments", "[\"1\"]", "digest-segments"},
    {"digest with segment 0 as a number", "/digests/0/segments", "[0]", "digest-segments"},
    {"digest misses a keyslot", "/digests/0/keyslots", "[\"0\",\"1\"]", "digest-keyslots"},
    {"digest names a keyslot twice", "/digests/0/keyslots", "[\"0\",\"1\",\"1\"]",
     "digest-keyslots"},
    {"digest names no keyslot that is", "/digests/0/keyslots", "[\"0\",\"1\",\"7\"]",
     "digest-keyslots"},
    {"token of unknown kind", "/tokens/0/type", "\"clevis\"", "token-type"},
    {"token without kind", "/tokens/0/type", NULL, "token-type"},
    {"token number 32", "/tokens/32", "{}", "token-number"},
    {"token for no keyslot", "/tokens/0/keyslots", "[]", "token-keyslots"},
    {"token for two keyslots", "/tokens/0/keyslots", "[\"0\",\"1\"]", "token-keyslots"},
    {"token for a keyslot that is not", "/tokens/0/keyslots", "[\"9\"]", "token-keyslots"},
    {"token with keyslots as numbers", "/tokens/0/keyslots", "[0]", "token-keyslots"},
    {"token with keyslots as text", "/tokens/0/keyslots", "\"0\"", "token-keyslots"},
    {"provenance that names a keyslot", "/tokens/2/keyslots", "[\"0\"]", "token-keyslots"},
    {"second provenance", "/tokens/3", "{\"type\":\"coldseal\",\"keyslots\":[]}", "one-provenance"},
    {"null inside a token", "/tokens/2/note", "null", "json-types"},
    {"fraction inside a token", "/tokens/2/note", "0.5", "json-types"},
};

/* Bytes of the binary headers are changed. */
struct byte_defect {
    const char *name;
    size_t offset;
    const char *bytes;
    size_t size;
    const char *rule;
};

static const struct byte_defect byte_defects[] = {
    {"version 3", PATCH_VERSION, "\0\3", 2, "binary-version"},
    {"header of 16 KiB", PATCH_HEADER_SIZE, "\0\0\0\0\0\0\x40\0", 8, "binary-header-size"},
    {"header of 16 EiB", PATCH_HEADER_SIZE, "\xff\xff\xff\xff\xff\xff\xff\xff", 8,
     "binary-header-size"},
    {"sequence id 0", PATCH_SEQUENCE_ID, "\0\0\0\0\0\0\0\0", 8, "binary-sequence-id"},
    {"sequence id at its end", PATCH_SEQUENCE_ID, "\xff\xff\xff\xff\xff\xff\xff\xff", 8,
     "binary-sequence-id"},
    {"label with an escape", PATCH_LABEL, "\x1b[2J", 4, "binary-label"},
    {"label that does not end", PATCH_LABEL, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", 48,
     "binary-label"},
    {"label with something behind it", PATCH_LABEL + 40, "x", 1, "binary-label"},
    {"checksum algorithm", PATCH_CHECKSUM_ALGORITHM, "sha512", 6, "binary-checksum-algorithm"},
    {"UUID in upper case", PATCH_UUID, "4A8F7C52", 8, "binary-uuid"},
    {"UUID that is none", PATCH_UUID, "../../..", 8, "binary-uuid"},
    {"UUID with something behind it", PATCH_UUID + 38, "x", 1, "binary-uuid"},
    {"subsystem", PATCH_SUBSYSTEM, "x", 1, "binary-subsystem"},
    {"header offset", PATCH_HEADER_OFFSET, "\0\0\0\0\0\x04\0\0", 8, "binary-header-offset"},
    {"padding", PATCH_PADDING + 100, "x", 1, "binary-padding"},
    {"padding of the checksum", PATCH_PADDING_2 + 3583, "x", 1, "binary-padding"},
};

/* The text itself is changed where an object cannot say it. */
struct text_defect {
    const char *name;
    const char *from;
    const char *to;
    const char *rule;
};

static const struct text_defect text_defects[] = {
    {"segments twice, the first a bad one", "\"segments\":{",
     "\"segments\":{\"0\":{\"type\":\"linear\"}},\"segments\":{", "json-strict"},
    {"segments twice, the last a bad one", "\"tokens\":{", "\"segments\":{},\"tokens\":{",
     "json-strict"},
    {"cipher twice", "\"encryption\":\"aes-xts-plain64\"",
     "\"encryption\":\"cipher_null-ecb\",\"encryption\":\"aes-xts-plain64\"", "json-strict"},
    {"name with an escape", "\"segments\":", "\"\\u0073egments\":", "json-strict"},
    {"comment", "{\"config\"", "/**/{\"config\"", "json-strict"},
    {"data behind the document", "\"type\":\"coldseal\"}}}", "\"type\":\"coldseal\"}}}{}",
     "json-strict"},
    {"document cut off", "\"type\":\"coldseal\"}}}", "\"type\":\"coldseal\"}}", "json-strict"},
    {"array around it", "{\"config\"", "[{\"config\"", "json-strict"},
    {"NUL inside a string", "\"segment", "\"\\u0000segment", "json-strict"},
};

#endif
