/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sealing.h"

#include <string.h>

#include "core/outfile.h"
#include "image/nbd.h"
#include "image/open.h"
#include "pipeline/key_files.h"
#include "pipeline/new_provenance.h"
#include "pipeline/open_by_tpm.h"
#include "token/recovery.h"

void sealing_free(struct sealing *work)
{
    if (work == NULL)
        return;
    luks2_header_free(work->header);
    recipients_free(work->recipients);
    secret_free(work->recovery_key);
    identity_free(work->identity);
    secret_free(work->old_volume_key);
    encrypted_root_drop(&work->root);
    if (!work->shares_source)
        source_free(work->source);
    seal_policy_free(work->policy);
    free(work);
}

static bool is_fresh(const struct sealing *work)
{
    return work->options->key_choice == COLDSEAL_KEY_FRESH;
}

bool sealing_check_choice(const struct coldseal_seal_options *options, struct error *err)
{
    if (options->key_choice != COLDSEAL_KEY_FRESH)
        return true;
    if (options->form != COLDSEAL_FORM_COPY)
        return error_set(
            err, COLDSEAL_USAGE,
            "--fresh-key encrypts all data anew: an overlay or a delta would hold all of it");
    return !options->in_place ||
           error_set(err, COLDSEAL_USAGE,
                     "--fresh-key writes a new image; rekey --in-place changes one");
}

static bool check_copy(const struct coldseal_seal_options *options, struct error *err)
{
    if (nbd_is_uri(options->image))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "a copy is made of a file; what an NBD server exports is changed "
                         "--in-place");
    if (strcmp(options->out, "-") == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "what is made for one machine goes to a file, not to standard output");
    return source_is_not(options->image, options->out, err) &&
           outfile_check(options->out, options->output.force, err);
}

/* A recovery key file of an earlier run that was cut off before the header is in the way; nobody
 * but the caller knows that it is no other disk's. */
static bool check_outputs(const struct coldseal_seal_options *options, struct error *err)
{
    if (!key_file_check(options->recovery_key_out, options->output.force, "recovery key file", err))
        return false;
    return options->in_place || check_copy(options, err);
}

static bool read_image(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    struct disk *disk = image_open_over(options->image, options->backing, options->in_place, err);

    work->source = disk == NULL ? NULL : source_over(disk, 0, err);
    return work->source != NULL && encrypted_root_read(work->source, &work->root, err) &&
           cleartext_side_read(work->source->disk, work->source->table, &work->side, err);
}

static bool sealed_for_target(const struct sealing *work)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    size_t count =
        luks2_header_tokens(work->root.header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        if (seal_policy_matches(work->policy, tokens[i]))
            return true;
    }
    return false;
}

static bool choose_identity(struct sealing *work, struct error *err)
{
    const struct secret *key = work->old_volume_key;
    struct secret *copy = NULL;

    if (is_fresh(work))
        work->identity = identity_new(NULL, err);
    else if ((copy = secret_copy(key->data, key->size, err)) != NULL)
        work->identity = identity_of(copy, work->root.header->uuid, err);
    return work->identity != NULL;
}

static bool open_header(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    OWNED_OPENED opened = {0};

    if (!(options->key_file != NULL
              ? header_open(work->root.header, options->key_file, &opened, err)
              : header_open_by_tpm(work->root.header, options->tcti, &opened, err)))
        return false;
    work->old_volume_key = TAKE(opened.volume_key);
    return true;
}

/* A run of the same command may have got as far as the new header: then the key that it was given
 * opens nothing any more, and all that is left is to clean up behind it. */
static bool open_image(struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;

    if (open_header(work, err))
        return cleartext_side_check_pin(&work->side, work->root.header, work->old_volume_key,
                                        err) &&
               choose_identity(work, err);
    if (!options->in_place || work->policy == NULL || !sealed_for_target(work))
        return false;
    work->header = TAKE(work->root.header);
    work->already_sealed = true;
    return luks2_finish(work->source->disk, work->root.offset_bytes, work->header, err);
}

static bool read_policy(struct sealing *work, struct error *err)
{
    if (work->kind != SEALING_NEW && work->kind != SEALING_AGAIN)
        return true;
    work->policy = seal_policy_read(&work->options->policy, is_fresh(work), err);
    return work->policy != NULL;
}

/* A volume key of its own means a pin of its own, which is known once the key is. */
static bool predict(struct sealing *work, bool has_identity, struct error *err)
{
    return work->policy == NULL || has_identity != is_fresh(work) ||
           seal_policy_predict(work->policy, work->source, &work->side,
                               has_identity ? work->identity : NULL, err);
}

static struct sealing *sealing_alloc(enum sealing_kind kind,
                                     const struct coldseal_seal_options *options, struct error *err)
{
    struct sealing *work = calloc(1, sizeof(*work));

    if (work == NULL) {
        error_no_memory(err);
        return NULL;
    }
    work->kind = kind;
    work->options = options;
    return work;
}

struct sealing *sealing_new(enum sealing_kind kind, const struct coldseal_seal_options *options,
                            struct error *err)
{
    OWNED(sealing) work = sealing_alloc(kind, options, err);

    if (work == NULL || !sealing_check_choice(options, err) ||
        (work->recipients = recipients_read(&options->escrow, err)) == NULL ||
        !read_policy(work, err) || !read_image(work, err) || !predict(work, false, err) ||
        !open_image(work, err) || !predict(work, true, err))
        return NULL;
    if (!work->already_sealed && !check_outputs(options, err))
        return NULL;
    return TAKE(work);
}

struct sealing *sealing_open(const struct coldseal_seal_options *options, struct error *err)
{
    OWNED(sealing) work = sealing_alloc(SEALING_NEW, options, err);

    if (work == NULL || !read_image(work, err) || !open_header(work, err) ||
        !cleartext_side_check_pin(&work->side, work->root.header, work->old_volume_key, err))
        return NULL;
    return TAKE(work);
}

/* The header is read again: json-c counts references without regard to threads. */
static bool share_image(struct sealing *work, const struct sealing *opened, struct error *err)
{
    const struct secret *key = opened->old_volume_key;

    work->source = opened->source;
    work->shares_source = true;
    work->side = opened->side;
    work->old_volume_key = secret_copy(key->data, key->size, err);
    return work->old_volume_key != NULL && encrypted_root_read(work->source, &work->root, err);
}

struct sealing *sealing_from(const struct sealing *opened,
                             const struct coldseal_seal_options *options,
                             struct seal_policy *policy, struct error *err)
{
    OWNED(seal_policy) owned = policy;
    OWNED(sealing) work = sealing_alloc(SEALING_NEW, options, err);

    if (work == NULL)
        return NULL;
    work->policy = TAKE(owned);
    if (!sealing_check_choice(options, err) ||
        (work->recipients = recipients_read(&options->escrow, err)) == NULL ||
        !share_image(work, opened, err) || !choose_identity(work, err) ||
        !predict(work, true, err) || !check_outputs(options, err))
        return NULL;
    return TAKE(work);
}

static bool stays(const struct sealing *work, unsigned keyslot)
{
    uint32_t bit = UINT32_C(1) << keyslot;
    bool is_recovery = luks2_header_keyslots_of(work->root.header, "systemd-recovery") & bit;

    switch (work->kind) {
    case SEALING_NEW:
        return false;
    case SEALING_AGAIN:
        return is_recovery && !work->options->no_recovery;
    case SEALING_RECOVERY_ADD:
        return true;
    case SEALING_RECOVERY_ROTATE:
    case SEALING_RECOVERY_REMOVE:
        return !is_recovery;
    }
    return false;
}

static bool keep_keyslots(const struct sealing *work, struct new_keyslots *slots, struct error *err)
{
    uint32_t there = luks2_header_keyslots(work->root.header);

    for (unsigned slot = 0; slot < LUKS2_MAX_KEYSLOTS; slot++) {
        if ((there >> slot & 1) != 0 && stays(work, slot) &&
            !new_keyslots_keep(slots, work->root.header, slot, err))
            return false;
    }
    return true;
}

static bool add_keyslots(struct sealing *work, struct new_keyslots *slots, struct error *err)
{
    if (work->policy != NULL && !new_keyslots_add_tpm(slots, work->policy, err))
        return false;
    if (!keep_keyslots(work, slots, err))
        return false;
    if (work->options->recovery_key_out != NULL) {
        work->recovery_key = recovery_key_new(err);
        if (work->recovery_key == NULL ||
            !new_keyslots_add_recovery(slots, work->recovery_key, err))
            return false;
    }
    return slots->has_other || (slots->sealed && work->options->no_recovery) ||
           error_set(err, COLDSEAL_USAGE,
                     slots->sealed ? "nothing but the TPM would open the image: give "
                                     "--recovery-key-out, or say --no-recovery"
                                   : "nothing would open the image");
}

bool sealing_build_header(struct sealing *work, struct error *err)
{
    OWNED(new_keyslots) slots = new_keyslots_new(err);
    const struct new_provenance request = {
        .old = work->root.header,
        .identity = work->identity,
        .slots = slots,
        .policy = work->policy,
        .key = work->kind != SEALING_NEW ? NULL
               : is_fresh(work)          ? "fresh"
                                         : "shared",
    };

    if (slots == NULL || !add_keyslots(work, slots, err))
        return false;
    OWNED_JSON provenance = new_provenance(&request, err);
    if (provenance == NULL)
        return false;
    work->header = new_keyslots_build(slots, work->identity, provenance, err);
    return work->header != NULL;
}
