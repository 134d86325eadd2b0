/* SPDX-License-Identifier: Apache-2.0 */
/* LUKS2 headers through libcryptsetup, built in memory and always anew. */
#ifndef CRYPT_LUKS2_H
#define CRYPT_LUKS2_H

#include "core/secret.h"
#include "image/disk.h"
#include "token/luks2_rekey.h"

enum luks2_cost {
    LUKS2_COST_RANDOM, /* at least 128 random bits: pbkdf2 with the minimum count */
    LUKS2_COST_CHOSEN, /* chosen by a person: argon2id, at most 64 MiB */
};

struct luks2_keyslot {
    const struct secret *passphrase;
    enum luks2_cost cost;
    json_object *token; /* borrowed; its "keyslots" must name this slot's index. May be NULL */
    /* Instead of a passphrase: keyslot `kept_number` of this header, which is of the same volume
     * key, as it is. */
    const struct luks2_header *kept_in;
    unsigned kept_number;
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
/* The same with one keyslot, as a token names it: what a header can make its reader spend is then
 * one derivation. */
struct secret *luks2_volume_key_at(const struct luks2_header *header, unsigned keyslot,
                                   const struct secret *passphrase, struct error *err);

/* The validated header as a file in memory, sealed against any change, for libcryptsetup to load by
 * /proc/self/fd/N. The caller closes it; -1 on failure. */
int luks2_header_memfd(const struct luks2_header *header, struct error *err);

/* LUKS2_HEADER_BYTES at `offset`. */
struct bytes *luks2_header_bytes(struct disk *disk, uint64_t offset_bytes, struct error *err);
/* The same, read once, and validated. */
struct luks2_header *luks2_load(struct disk *disk, uint64_t offset_bytes, struct error *err);
/* On a fresh output: everything. */
bool luks2_store(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *header,
                 struct error *err);
/* On a disk that holds `old`: new keyslots, copy A, copy B, each flushed, then luks2_finish().
 * Killed at any point, the disk opens with the old or the new keys. `header` must have been moved
 * apart from `old`. Where the copies of `old` do not agree, the one that was not chosen is written
 * first, so that no copy is left that points to areas about to be reused. */
bool luks2_replace(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *old,
                   const struct luks2_header *header, struct error *err);
/* Completes what a luks2_replace() that was cut off left, whatever it had reached: both copies say
 * what the chosen one says, and every area that no keyslot owns is wiped. Needs no key; does no
 * harm when there is nothing to do. `header` is what luks2_load() gave for this disk. */
bool luks2_finish(struct disk *disk, uint64_t offset_bytes, const struct luks2_header *header,
                  struct error *err);

/* A rekey in place, from header to header, each step flushed. Until luks2_rekey_start() the data is
 * as it was: cut off before, luks2_rekey_plan() may be called again, with another new header.
 * luks2_finish() has been called for the old one. */
bool luks2_rekey_plan(struct disk *disk, uint64_t offset_bytes, struct luks2_rekey *rekey,
                      struct error *err);
bool luks2_rekey_start(struct disk *disk, uint64_t offset_bytes, struct luks2_rekey *rekey,
                       struct error *err);
/* `header` is the new one of `rekey`, or, before the start, the old one, if it is given up. Cut
 * off, luks2_finish() completes it. */
bool luks2_rekey_end(struct disk *disk, uint64_t offset_bytes, const struct luks2_rekey *rekey,
                     struct luks2_header *header, struct error *err);

/* Pin = HMAC-SHA256(volume key, "cryptsetup:cloudimg-rootfs:UUID"): systemd's measurement of a
 * volume key (systemd 255, src/cryptsetup/cryptsetup.c, measure_volume_key). */
#define LUKS2_MAPPER_NAME "cloudimg-rootfs"
bool luks2_pin(const struct secret *volume_key, const char *uuid, uint8_t pin[32],
               struct error *err);

#endif
