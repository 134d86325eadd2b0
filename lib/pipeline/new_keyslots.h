/* SPDX-License-Identifier: Apache-2.0 */
/* The keyslots of a header that is about to be built, with their tokens. Numbers follow the order
 * in which they are added. */
#ifndef PIPELINE_NEW_KEYSLOTS_H
#define PIPELINE_NEW_KEYSLOTS_H

#include "crypt/luks2.h"
#include "pipeline/identity.h"
#include "pipeline/seal_policy.h"

struct new_keyslots {
    struct luks2_keyslot items[LUKS2_MAX_KEYSLOTS];
    struct secret *passphrases[LUKS2_MAX_KEYSLOTS]; /* owned, as the tokens are */
    size_t count;
    bool sealed;       /* one is for a TPM */
    bool has_other;    /* one is not: a way in without a TPM */
    bool has_recovery; /* … with the token of a recovery key */
};

struct new_keyslots *new_keyslots_new(struct error *err);
void new_keyslots_free(struct new_keyslots *slots);
DEFINE_OWNED(new_keyslots);

/* One for each state of the policy. COLDSEAL_UNSUPPORTED when there are too many. */
bool new_keyslots_add_tpm(struct new_keyslots *slots, const struct seal_policy *policy,
                          struct error *err);
bool new_keyslots_add_recovery(struct new_keyslots *slots, const struct secret *recovery_key,
                               struct error *err);
bool new_keyslots_add_pool(struct new_keyslots *slots, const struct secret *pool_key,
                           enum luks2_cost cost, struct error *err);
/* Keyslot `number` of `header`, with its token: made anew for another volume key, with the same
 * passphrase, … */
bool new_keyslots_add_same(struct new_keyslots *slots, const struct luks2_header *header,
                           unsigned number, const struct secret *passphrase, struct error *err);
/* … or as it is, for the same volume key. `header` is borrowed for as long as `slots` lives. */
bool new_keyslots_keep(struct new_keyslots *slots, const struct luks2_header *header,
                       unsigned number, struct error *err);

struct luks2_header *new_keyslots_build(const struct new_keyslots *slots,
                                        const struct identity *identity, json_object *provenance,
                                        struct error *err);

#endif
