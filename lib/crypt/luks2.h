/* SPDX-License-Identifier: Apache-2.0 */
/* LUKS2 headers through libcryptsetup, built in memory and always anew. */
#ifndef CRYPT_LUKS2_H
#define CRYPT_LUKS2_H

#include "core/secret.h"
#include "image/disk.h"
#include "token/luks2_header.h"

enum luks2_cost {
    LUKS2_COST_RANDOM, /* at least 128 random bits: pbkdf2 with the minimum count */
    LUKS2_COST_CHOSEN, /* chosen by a person: argon2id, at most 64 MiB */
};

struct luks2_keyslot {
    const struct secret *passphrase;
    enum luks2_cost cost;
    json_object *token; /* borrowed; its "keyslots" must name this slot's index. May be NULL */
};

struct luks2_request {
    const char *uuid;
    const struct secret *volume_key;
    const struct luks2_keyslot *keyslots; /* index = keyslot number */
    size_t keyslot_count;
    json_object *provenance; /* borrowed; may be NULL */
};

/* A complete header, validated by luks2_header_read() before it is returned. COLDSEAL_KEY. */
struct luks2_header *luks2_build(const struct luks2_request *request, struct error *err);

/* The volume key behind `passphrase`; every keyslot is tried. COLDSEAL_KEY when none opens. */
struct secret *luks2_volume_key(const struct luks2_header *header, const struct secret *passphrase,
                                unsigned *keyslot, struct error *err);

/* Reads LUKS2_HEADER_BYTES at `offset` once and validates. */
struct luks2_header *luks2_load(struct disk *disk, uint64_t offset_bytes, struct error *err);
/* On a fresh output: everything. */
bool luks2_store(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *header,
                 struct error *err);
/* On a disk that holds `old`: new keyslots, copy A, copy B, each flushed, then the old keyslots
 * wiped. Killed at any point, the disk opens with the old or the new keys, and a second run
 * finishes. `header` must have been moved apart from `old`. */
bool luks2_replace(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *old,
                   const struct luks2_header *header, struct error *err);

/* Pin = HMAC-SHA256(volume key, "cryptsetup:cloudimg-rootfs:UUID"): systemd's measurement of a
 * volume key (systemd 255, src/cryptsetup/cryptsetup.c, measure_volume_key). */
#define LUKS2_MAPPER_NAME "cloudimg-rootfs"
bool luks2_pin(const struct secret *volume_key, const char *uuid, uint8_t pin[32],
               struct error *err);

#endif
