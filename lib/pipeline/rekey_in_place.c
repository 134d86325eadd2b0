/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/rekey_in_place.h"

#include <string.h>

#include "crypt/rekey_data.h"
#include "image/open.h"
#include "pipeline/describe.h"
#include "pipeline/key_files.h"
#include "pipeline/rekeying.h"
#include "token/luks2_rekey.h"
#include "token/provenance.h"

struct in_place {
    const struct coldseal_rekey_options *options;
    struct source *source;
    struct cleartext_side side;
    struct encrypted_root root; /* its header: the one to rekey; NULL once `rekey` has it */
    struct luks2_rekey *rekey;  /* while it is under way */
    struct luks2_header *done;  /* the new header, once it is on the disk */
    struct secret *old_volume_key;
    struct identity *identity;     /* the new one */
    struct recipients *recipients; /* of the key files that this run wrote; NULL: it wrote none */
    struct rekey_data_result result;
    bool is_clean; /* nothing of an earlier header is left */
    bool resumed;
};

static void in_place_end(struct in_place *work)
{
    recipients_free(work->recipients);
    identity_free(work->identity);
    secret_free(work->old_volume_key);
    luks2_header_free(work->done);
    luks2_rekey_free(work->rekey);
    encrypted_root_drop(&work->root);
    source_free(work->source);
}

static struct disk *disk_of(const struct in_place *work)
{
    return work->source->disk;
}

static bool file_opens(const struct luks2_header *header, const char *path)
{
    struct error ignored = {0};
    OWNED_OPENED opened = {0};

    return path != NULL && access(path, F_OK) == 0 && header_open(header, path, &opened, &ignored);
}

/* Nothing of the data was touched yet: what a run that was cut off made is good for nothing. */
static void forget_plan(struct in_place *work)
{
    const struct coldseal_rekey_options *options = work->options;
    struct luks2_rekey *rekey = work->rekey;

    if (file_opens(rekey->new, options->key_out))
        key_file_take_back(options->key_out);
    if (file_opens(rekey->new, options->recovery_key_out))
        key_file_take_back(options->recovery_key_out);
    work->root.header = TAKE(rekey->old);
    work->root.header->sequence_id = rekey->sequence_id;
    luks2_rekey_free(TAKE(work->rekey));
}

/* Of a run that was cut off behind its new header there is something left to wipe, or its key file
 * says it. */
static bool is_done(const struct in_place *work)
{
    const struct luks2_header *header = work->root.header;
    json_object *token;
    unsigned number;

    return luks2_header_tokens(header, PROVENANCE_TOKEN_TYPE, &token, &number, 1) > 0 &&
           json_object_object_get_ex(token, PROVENANCE_REKEYED, NULL) &&
           (!work->is_clean || file_opens(header, work->options->key_out) ||
            file_opens(header, work->options->recovery_key_out));
}

static bool read_header(struct in_place *work, const struct bytes *bytes, struct error *err)
{
    struct luks2_residue residue;

    work->root.header = luks2_header_read(bytes, err);
    if (work->root.header == NULL || !luks2_header_compare(work->root.header, bytes, &residue, err))
        return false;
    work->is_clean = work->root.header->copies_agree && residue.leftover_areas == 0;
    if (is_done(work))
        work->done = TAKE(work->root.header);
    return true;
}

static bool open_disk(struct in_place *work, struct error *err)
{
    struct disk *disk = image_open_writable(work->options->in, err);

    work->source = disk == NULL ? NULL : source_over(disk, 0, err);
    return work->source != NULL && encrypted_root_find(work->source, &work->root, err) &&
           cleartext_side_read(disk_of(work), work->source->table, &work->side, err);
}

static bool read_state(struct in_place *work, struct error *err)
{
    OWNED(bytes) bytes = luks2_header_bytes(disk_of(work), work->root.offset_bytes, err);

    if (bytes == NULL || !luks2_rekey_read(bytes, &work->rekey, err))
        return false;
    if (work->rekey != NULL) {
        if (!work->rekey->running)
            forget_plan(work);
        return true;
    }
    return read_header(work, bytes, err);
}

static struct rekey_data_job data_job(const struct in_place *work)
{
    return (struct rekey_data_job){
        .disk = disk_of(work),
        .offset_bytes = work->root.offset_bytes,
        .length_bytes = work->root.length_bytes - LUKS2_HEADER_BYTES,
        .old_volume_key = work->old_volume_key,
        .new_volume_key = work->identity == NULL ? NULL : work->identity->volume_key,
        .progress = work->options->progress,
    };
}

static bool check_esp(const struct in_place *work, struct error *err)
{
    const struct partition *esp = partition_by_role(work->source->table, ROLE_ESP);

    return !work->side.prepared ||
           disk_check_data_writable(disk_of(work), partition_offset(work->source->table, esp),
                                    partition_length(work->source->table, esp), err);
}

static bool check_start(const struct in_place *work, const struct rekeying *plan, struct error *err)
{
    const struct rekey_data_job job = data_job(work);

    if (!plan->slots->has_other)
        return error_set(err, COLDSEAL_USAGE,
                         "something besides the TPM has to open the disk while it is rekeyed in "
                         "place: keep a keyslot, or give --recovery-key-out");
    return rekey_data_check(&job, err) && check_esp(work, err);
}

/* Back to the header from before, as far as that can be had. */
static void give_up(struct in_place *work)
{
    struct error ignored = {0};

    luks2_rekey_end(disk_of(work), work->root.offset_bytes, work->rekey, work->rekey->old,
                    &ignored);
}

/* Up to the point from which data may change. */
static bool start(struct in_place *work, struct error *err)
{
    uint64_t offset = work->root.offset_bytes;
    OWNED(rekeying) plan =
        rekeying_new(work->options, work->source, &work->side, work->root.header, err);

    if (plan == NULL || !check_start(work, plan, err) ||
        (!work->is_clean && !luks2_finish(disk_of(work), offset, work->root.header, err)) ||
        !luks2_header_move_apart(plan->header, work->root.header, err))
        return false;
    work->old_volume_key = TAKE(plan->opened[0].volume_key);
    work->identity = TAKE(plan->identity);
    work->rekey = luks2_rekey_new(TAKE(work->root.header), TAKE(plan->header), err);
    if (work->rekey == NULL || !luks2_rekey_plan(disk_of(work), offset, work->rekey, err))
        return false;
    if (!rekeying_write_keys(plan, err)) {
        give_up(work);
        return false;
    }
    work->recipients = TAKE(plan->recipients);
    return luks2_rekey_start(disk_of(work), offset, work->rekey, err);
}

/* With the first file that opens `header`; files that are not there are passed over. */
static struct secret *open_with_any(const struct luks2_header *header,
                                    const struct coldseal_rekey_options *options, bool with_new,
                                    struct error *err)
{
    const char *made[] = {options->key_out, options->recovery_key_out};
    OWNED_OPENED opened = {0};

    for (size_t i = 0; i < options->key_file_count; i++) {
        if (header_open(header, options->key_files[i], &opened, err))
            return TAKE(opened.volume_key);
    }
    for (size_t i = 0; with_new && i < sizeof(made) / sizeof(made[0]); i++) {
        if (made[i] != NULL && header_open(header, made[i], &opened, err))
            return TAKE(opened.volume_key);
    }
    error_wrap(err, "finish the rekey that was cut off, %s key%s", with_new ? "new" : "old",
               with_new && options->escrow.recipient_count > 0
                   ? " (decrypt the wrapped one and give it with --key-file)"
                   : "");
    return NULL;
}

/* No key is made any more: a name besides those of the run that was cut off would get no file. What
 * was encrypted to a certificate cannot be read, only seen. */
static bool check_key_files(const struct in_place *work, const struct luks2_header *header,
                            struct error *err)
{
    const struct coldseal_rekey_options *options = work->options;
    const char *named[] = {options->key_out, options->recovery_key_out};
    bool is_wrapped = options->escrow.recipient_count > 0;

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (named[i] == NULL ||
            (is_wrapped ? access(named[i], F_OK) == 0 : file_opens(header, named[i])))
            continue;
        return error_set(err, COLDSEAL_USAGE,
                         "%s has no key of the rekey that was cut off, and none is made any more: "
                         "name the file that it wrote, or leave the option out",
                         named[i]);
    }
    return true;
}

/* Nor is it sealed again. */
static bool check_policy(const struct in_place *work, const struct luks2_header *header,
                         struct error *err)
{
    const struct coldseal_policy_options *options = &work->options->policy;
    json_object *tokens[LUKS2_MAX_KEYSLOTS];
    unsigned numbers[LUKS2_MAX_KEYSLOTS];
    size_t matching = 0;

    if (options->target == NULL && options->parent == NULL)
        return true;
    OWNED(seal_policy) policy = seal_policy_read(options, true, err);
    if (policy == NULL ||
        !seal_policy_predict(policy, work->source, &work->side, work->identity, err))
        return false;
    size_t count = luks2_header_tokens(header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_KEYSLOTS);
    for (size_t i = 0; i < count; i++)
        matching += seal_policy_matches(policy, tokens[i]) ? 1 : 0;
    return matching == policy->state_count ||
           error_set(err, COLDSEAL_USAGE,
                     "the rekey that was cut off is for another TPM or another policy: give the "
                     "same ones, or leave them out, and reseal the disk when it is finished");
}

static bool resume(struct in_place *work, struct error *err)
{
    work->resumed = true;
    if (!check_key_files(work, work->rekey->new, err))
        return false;
    work->old_volume_key = open_with_any(work->rekey->old, work->options, false, err);
    if (work->old_volume_key == NULL)
        return false;
    struct secret *key = open_with_any(work->rekey->new, work->options, true, err);
    if (key == NULL)
        return false;
    work->identity = identity_of(key, work->rekey->new->uuid, err);
    return work->identity != NULL && check_policy(work, work->rekey->new, err);
}

static bool write_pin(const struct in_place *work, struct error *err)
{
    const struct partition *esp = partition_by_role(work->source->table, ROLE_ESP);

    return !work->side.prepared ||
           (cleartext_side_write_field(disk_of(work), partition_offset(work->source->table, esp),
                                       partition_length(work->source->table, esp), &work->side,
                                       work->identity->uuid, work->identity->pin, err) &&
            disk_flush(disk_of(work), err));
}

static bool convert(struct in_place *work, struct error *err)
{
    const struct rekey_data_job job = data_job(work);

    if (!rekey_data_run(&job, &work->result, err) || !write_pin(work, err) ||
        !luks2_rekey_end(disk_of(work), work->root.offset_bytes, work->rekey, work->rekey->new,
                         err))
        return false;
    work->done = TAKE(work->rekey->new);
    return true;
}

static bool fill_report(const struct in_place *work, json_object *json, bool already,
                        struct error *err)
{
    json_object *header = describe_header(work->done, err);

    return header != NULL && json_add(json, "luks2", header, err) &&
           (work->recipients == NULL ||
            key_file_describe_recipients(work->recipients, json, err)) &&
           json_add(json, "already_rekeyed", json_object_new_boolean(already), err) &&
           json_add(json, "resumed", json_object_new_boolean(work->resumed), err) &&
           json_add(json, "written_bytes", json_object_new_uint64(work->result.written_bytes),
                    err) &&
           describe_output(json, work->options->in, disk_of(work), work->options->output.checksum,
                           err);
}

static bool run(struct in_place *work, json_object *json, struct error *err)
{
    if (!open_disk(work, err) || !read_state(work, err))
        return false;
    if (work->done != NULL)
        return check_key_files(work, work->done, err) && check_policy(work, work->done, err) &&
               luks2_finish(disk_of(work), work->root.offset_bytes, work->done, err) &&
               fill_report(work, json, true, err);
    return (work->rekey != NULL ? resume(work, err) : start(work, err)) && convert(work, err) &&
           fill_report(work, json, false, err);
}

bool rekey_in_place(const struct coldseal_rekey_options *options, json_object *json,
                    struct error *err)
{
    __attribute__((cleanup(in_place_end))) struct in_place work = {.options = options};

    return run(&work, json, err);
}
