/* SPDX-License-Identifier: Apache-2.0 */
/* The LUKS2 header as bytes: reading a hostile one against our allow-list, and writing ours.
 * LUKS2 On-Disk Format Specification 1.1.2. Knows no secret and touches no device. */
#ifndef TOKEN_LUKS2_HEADER_H
#define TOKEN_LUKS2_HEADER_H

#include "core/bytes.h"
#include "core/json.h"

/* Frozen geometry: two binary headers with 128 KiB of metadata each (binary header of 4 KiB
 * included), keyslot area up to 16 MiB, data behind it. */
#define LUKS2_HEADER_BYTES ((size_t)16 << 20)
#define LUKS2_METADATA_BYTES ((size_t)128 << 10)
#define LUKS2_KEYSLOTS_OFFSET (2 * LUKS2_METADATA_BYTES)
#define LUKS2_KEYSLOTS_BYTES (LUKS2_HEADER_BYTES - LUKS2_KEYSLOTS_OFFSET)
#define LUKS2_SECTOR_BYTES 4096
#define LUKS2_VOLUME_KEY_BYTES 64
#define LUKS2_CIPHER "aes-xts-plain64"
#define LUKS2_LABEL "cloudimg-rootfs-enc"
#define LUKS2_MAX_KEYSLOTS 32
#define LUKS2_MAX_TOKENS 32
/* One keyslot's area: 64 bytes * 4000 stripes, rounded up to 4096. The keyslot area is exactly 64
 * of them, and each keyslot lies in one. */
#define LUKS2_AREA_BYTES ((size_t)258048)
#define LUKS2_AREA_COUNT (LUKS2_KEYSLOTS_BYTES / LUKS2_AREA_BYTES)
/* Bounds on what a header may make its reader spend. */
#define LUKS2_MAX_PBKDF2_ITERATIONS 10000000u
#define LUKS2_MAX_DIGEST_ITERATIONS 1000000u
#define LUKS2_MAX_ARGON2_KIB 65536u
#define LUKS2_MAX_ARGON2_TIME 16u
#define LUKS2_MAX_ARGON2_LANES 4u
#define LUKS2_MAX_TOKEN_BYTES 16384u
#define LUKS2_MAX_SEQUENCE_ID ((uint64_t)1 << 62)

struct luks2_header {
    char uuid[37];
    char label[49];
    uint64_t sequence_id;
    json_object *json;  /* validated; canonical member order */
    struct bytes *area; /* LUKS2_KEYSLOTS_BYTES from LUKS2_KEYSLOTS_OFFSET; zero where unused */
    unsigned copy;      /* 0: first binary header was used, 1: the second */
    bool copies_agree;  /* false: a write was cut off, or somebody changed one */
};

/* `bytes` are the first LUKS2_HEADER_BYTES of the partition, read once. Chooses a copy (valid
 * checksum, then the higher sequence id, then the first), checks it against the allow-list and
 * keeps what the list knows, in canonical form; a copy that was chosen and breaks a rule is
 * refused, whatever the other says. The message names the rule that was broken. COLDSEAL_BAD_IMAGE;
 * COLDSEAL_UNSUPPORTED where there is no LUKS2 magic at all.
 *
 * The list: one crypt segment to the end of the device in the frozen cipher, sector size and
 * offset; keyslots of kind luks2 in raw areas, pbkdf2 or argon2 with bounded costs; one pbkdf2
 * digest over all keyslots and the segment; tokens systemd-tpm2, systemd-recovery and coldseal; no
 * flags, requirements, integrity, subsystem, backup segments; no member beyond those. */
struct luks2_header *luks2_header_read(const struct bytes *bytes, struct error *err);
void luks2_header_free(struct luks2_header *header);
DEFINE_OWNED(luks2_header);

/* LUKS2_HEADER_BYTES: both copies with checksums, and the keyslot area. The same header gives the
 * same bytes: its salts are derived from what they go with. */
struct bytes *luks2_header_serialise(const struct luks2_header *header, struct error *err);

/* Where the LUKS2_HEADER_BYTES that `header` was read from are not what luks2_header_serialise()
 * gives: metadata that somebody else wrote, and areas that no keyslot owns and that are not zero.
 */
struct luks2_residue {
    bool metadata_differs;
    unsigned leftover_areas;
};
bool luks2_header_compare(const struct luks2_header *header, const struct bytes *bytes,
                          struct luks2_residue *residue, struct error *err);

/* Moves every keyslot of `header` to areas that `occupied` does not use and gives it the next
 * sequence id, so that writing it leaves the old slots readable until its metadata stands. */
bool luks2_header_move_apart(struct luks2_header *header, const struct luks2_header *occupied,
                             struct error *err);

/* From the keyslot area at `from` to that at `to`, which is zero: only areas that a keyslot owns,
 * so that the pages of the others stay untouched. */
void luks2_header_copy_areas(const struct luks2_header *header, uint8_t *to, const uint8_t *from);

/* Where each keyslot's area lies: index in the keyslot area, in the order of keyslot numbers.
 * Returns how many. */
struct luks2_area {
    unsigned keyslot;
    unsigned index; /* the area starts at LUKS2_KEYSLOTS_OFFSET + index * LUKS2_AREA_BYTES */
};
size_t luks2_header_areas(const struct luks2_header *header,
                          struct luks2_area areas[LUKS2_MAX_KEYSLOTS]);

/* Tokens of `type`, borrowed; returns how many, at most `limit`, and their numbers. */
size_t luks2_header_tokens(const struct luks2_header *header, const char *type,
                           json_object **tokens, unsigned *numbers, size_t limit);
/* The one keyslot that a token names in "keyslots". COLDSEAL_BAD_IMAGE. */
bool luks2_token_keyslot(json_object *token, unsigned *keyslot, struct error *err);
size_t luks2_header_keyslot_count(const struct luks2_header *header);
/* Bit N: keyslot N exists; a token of `type` names it. */
uint32_t luks2_header_keyslots(const struct luks2_header *header);
uint32_t luks2_header_keyslots_of(const struct luks2_header *header, const char *type);
/* The token that names this keyslot, borrowed; NULL when none does. */
json_object *luks2_header_keyslot_token(const struct luks2_header *header, unsigned keyslot);
/* Derived at a cost for secrets that a person chose: argon2. */
bool luks2_header_keyslot_is_costly(const struct luks2_header *header, unsigned keyslot);
/* A copy of a token that names one keyslot, naming keyslot `number` instead. */
json_object *luks2_token_for_keyslot(json_object *token, unsigned number, struct error *err);

#endif
