/* SPDX-License-Identifier: Apache-2.0 */
/* What a seal needs: the image, its key, the target, the policy, and the header made of them. */
#ifndef PIPELINE_SEALING_H
#define PIPELINE_SEALING_H

#include "pipeline/identity.h"
#include "pipeline/seal_policy.h"
#include "pipeline/source.h"

struct sealing {
    const struct coldseal_seal_options *options;
    struct seal_policy *policy;
    struct source *source;
    struct encrypted_root root; /* the header that is there */
    struct cleartext_side side;
    struct secret *old_volume_key;
    struct identity *identity;   /* of the sealed disk: the image's own, or a new one */
    struct secret *recovery_key; /* NULL with --no-recovery */
    struct luks2_header *header; /* the new one */
    bool already_sealed;         /* for this target and policy: nothing to write */
};

/* Reads and checks everything; with in_place finishes what an interrupted run left. */
struct sealing *sealing_new(const struct coldseal_seal_options *options, struct error *err);
void sealing_free(struct sealing *work);
DEFINE_OWNED(sealing);

/* Fresh secrets, tokens and the header. */
bool sealing_build_header(struct sealing *work, struct error *err);

#endif
