/* SPDX-License-Identifier: Apache-2.0 */
/* What a new header over the same data needs: the image, its key, the target, the policy, and the
 * header made of them. For seal, reseal and recovery. */
#ifndef PIPELINE_SEALING_H
#define PIPELINE_SEALING_H

#include "crypt/recipients.h"
#include "pipeline/identity.h"
#include "pipeline/seal_policy.h"
#include "pipeline/source.h"

enum sealing_kind {
    SEALING_NEW,             /* nothing of the old keyslots stays */
    SEALING_AGAIN,           /* recovery keys stay */
    SEALING_RECOVERY_ADD,    /* all stay, … */
    SEALING_RECOVERY_ROTATE, /* … or all but recovery keys, and there is a new one … */
    SEALING_RECOVERY_REMOVE, /* … or none */
};

struct sealing {
    enum sealing_kind kind;
    const struct coldseal_seal_options *options;
    struct seal_policy *policy; /* NULL: the TPM's keyslots stay */
    struct source *source;
    bool shares_source;         /* with the sealing that it was made from */
    struct encrypted_root root; /* the header that is there */
    struct cleartext_side side;
    struct secret *old_volume_key;
    struct identity *identity;     /* of the sealed disk: the image's own, or a new one */
    struct secret *recovery_key;   /* NULL: none was made */
    struct recipients *recipients; /* of its file */
    struct luks2_header *header;   /* the new one */
    bool already_sealed;           /* for this target and policy: nothing to write */
};

/* COLDSEAL_USAGE for a form that does not go with a volume key of its own. */
bool sealing_check_choice(const struct coldseal_seal_options *options, struct error *err);
/* Reads and checks everything; with in_place finishes what an interrupted run left. */
struct sealing *sealing_new(enum sealing_kind kind, const struct coldseal_seal_options *options,
                            struct error *err);
void sealing_free(struct sealing *work);
DEFINE_OWNED(sealing);

/* The same in two steps, to seal one image many times: first the image alone, opened, … */
struct sealing *sealing_open(const struct coldseal_seal_options *options, struct error *err);
/* … then what is sealed from it, under `policy`, which is taken over, also on failure. From several
 * threads at once. */
struct sealing *sealing_from(const struct sealing *opened,
                             const struct coldseal_seal_options *options,
                             struct seal_policy *policy, struct error *err);

/* Fresh secrets, tokens and the header. COLDSEAL_USAGE when nothing but the TPM would open it and
 * nobody said --no-recovery. */
bool sealing_build_header(struct sealing *work, struct error *err);
/* Builds the header, and writes it into the image or a copy of it. */
bool sealing_write(struct sealing *work, struct error *err);
/* Adds what was written to a report. */
bool sealing_describe(const struct sealing *work, json_object *json, struct error *err);

#endif
