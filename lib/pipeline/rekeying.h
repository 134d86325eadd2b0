/* SPDX-License-Identifier: Apache-2.0 */
/* What a rekey needs: the image, the secrets at hand, what becomes of each keyslot, the new
 * identity and the header made of them. */
#ifndef PIPELINE_REKEYING_H
#define PIPELINE_REKEYING_H

#include "crypt/recipients.h"
#include "pipeline/new_keyslots.h"
#include "pipeline/source.h"

struct rekeying {
    const struct coldseal_rekey_options *options;
    const struct source *source;
    const struct cleartext_side *side;
    const struct luks2_header *old; /* the header that is there */
    struct seal_policy *policy;     /* NULL: not for a TPM */
    struct opened opened[LUKS2_MAX_KEYSLOTS];
    size_t opened_count;
    uint32_t kept; /* keyslots of the old header that are in the new one, too */
    struct identity *identity;
    struct new_keyslots *slots;
    struct secret *pool_key;       /* NULL: none was made */
    struct secret *recovery_key;   /* the same */
    struct recipients *recipients; /* of their files */
    struct luks2_header *header;   /* the new one */
};

/* Reads and checks everything, and builds the header. What is read of the image is borrowed. */
struct rekeying *rekeying_new(const struct coldseal_rekey_options *options,
                              const struct source *source, const struct cleartext_side *side,
                              const struct luks2_header *old, struct error *err);
void rekeying_free(struct rekeying *work);
DEFINE_OWNED(rekeying);

/* The secrets that were made, in their files. */
bool rekeying_write_keys(const struct rekeying *work, struct error *err);
void rekeying_take_keys_back(const struct rekeying *work);

#endif
