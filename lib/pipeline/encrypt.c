/* SPDX-License-Identifier: Apache-2.0 */
/* encrypt: prepare unless already done, split, encrypt; a pool key protects the result. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/outfile.h"
#include "pipeline/describe.h"
#include "pipeline/guest_stamp.h"
#include "pipeline/key_files.h"
#include "pipeline/new_keyslots.h"
#include "pipeline/prepared.h"
#include "pipeline/write_image.h"
#include "report/report.h"
#include "token/provenance.h"

struct encryption {
    const struct coldseal_encrypt_options *options;
    struct input *input;
    struct source *plain;        /* the input as it is, or … */
    struct prepared *prepared;   /* … prepared on an overlay */
    const struct source *source; /* the one of them that is encrypted */
    struct cleartext_side side;
    struct plan plan;
    struct secret *pool_key;
    struct recipients *recipients; /* of the pool key's file */
    struct identity *identity;
    struct luks2_header *header;
    json_object *source_sha256; /* of the input's file, where that is asked for */
    struct write_result written;
};

static void encryption_free(struct encryption *work)
{
    if (work == NULL)
        return;
    json_object_put(work->source_sha256);
    luks2_header_free(work->header);
    identity_free(work->identity);
    recipients_free(work->recipients);
    secret_free(work->pool_key);
    prepared_free(work->prepared);
    source_free(work->plain);
    input_free(work->input);
    free(work);
}
DEFINE_OWNED(encryption);

static bool choose_keys(struct encryption *work, struct error *err)
{
    const struct coldseal_encrypt_options *options = work->options;

    if (options->key_out != NULL && strcmp(options->key_out, "-") != 0 &&
        access(options->key_out, F_OK) == 0)
        return error_set(err, COLDSEAL_IO, "key file %s exists", options->key_out);
    work->recipients = recipients_read(&options->escrow, err);
    if (work->recipients == NULL)
        return false;
    work->pool_key = options->key_in != NULL ? secret_read_file(options->key_in, err)
                                             : secret_random(POOL_KEY_BYTES, err);
    if (work->pool_key == NULL)
        return false;
    work->identity = identity_new(options->luks_uuid, err);
    return work->identity != NULL;
}

static bool digest_source(struct encryption *work, struct error *err)
{
    if (!work->options->output.checksum || !input_is_file(work->input))
        return true;
    work->source_sha256 = describe_checksum(input_path(work->input), err);
    return work->source_sha256 != NULL;
}

/* What is refused is refused before the appliance starts; the size of the disk only once it is
 * known what it has to hold. */
static bool check_plan(struct encryption *work, const struct source *source, bool final,
                       struct error *err)
{
    const struct coldseal_output_options *output = &work->options->output;
    const struct plan_request request = {
        .header_bytes = LUKS_HEADER_BYTES,
        .disk_size_bytes = final ? output->disk_size_bytes : 0,
        .align_bytes = output->align_bytes,
        .need_boot = final && !work->options->no_prepare,
    };

    return plan_make(source->table, &request, &work->plan, err);
}

/* An option that would have no effect is an error: somebody relies on it. */
static bool refuse_guest_options(const struct encryption *work, struct error *err)
{
    const struct coldseal_guest_options *guest = &work->options->guest;

    if (guest->host_config == COLDSEAL_HOST_CONFIG_DENY && guest->unlock == COLDSEAL_UNLOCK_OURS &&
        !guest->console_login && !guest->console_recovery && guest->cloud_init_seed == NULL &&
        guest->deb_count == 0 && !guest->install && guest->kernel_arg_count == 0)
        return true;
    return error_set(err, COLDSEAL_USAGE, "%s: options for the guest have no effect",
                     work->options->no_prepare ? "--no-prepare" : "the image is prepared already");
}

static bool prepare_source(struct encryption *work, struct error *err)
{
    const struct coldseal_encrypt_options *options = work->options;

    work->input = input_open(options->in, err);
    if (work->input == NULL)
        return false;
    work->plain = source_open(input_path(work->input), NULL, options->guest.root_partition, err);
    if (work->plain == NULL ||
        !cleartext_side_read(work->plain->disk, work->plain->table, &work->side, err) ||
        !check_plan(work, work->plain, false, err))
        return false;
    work->source = work->plain;
    if (work->side.prepared || options->no_prepare)
        return refuse_guest_options(work, err);
    work->prepared = prepared_new(work->input, &options->guest, options->progress, err);
    if (work->prepared == NULL)
        return false;
    work->source = work->prepared->source;
    work->side = work->prepared->side;
    return true;
}

static bool add_guest(const struct encryption *work, json_object *token, struct error *err)
{
    const struct source *source = work->source;
    const struct partition *root = partition_by_role(source->table, ROLE_ROOT);
    json_object *stamp = NULL;

    if (!guest_stamp_read(source->disk, partition_offset(source->table, root),
                          partition_length(source->table, root), &stamp, err))
        return false;
    return stamp == NULL || json_add(token, "guest", stamp, err);
}

static json_object *provenance(const struct encryption *work, struct error *err)
{
    OWNED_JSON token = provenance_new("pooled", err);

    if (token == NULL || !add_guest(work, token, err) ||
        !json_add(token, "pin", describe_hex(work->identity->pin, PIN_BYTES), err))
        return NULL;
    if (work->source_sha256 != NULL &&
        !json_add(token, "source_sha256", json_object_get(work->source_sha256), err))
        return NULL;
    return TAKE(token);
}

/* A key that somebody brought may be a person's: it costs a guesser more. */
static bool build_header(struct encryption *work, struct error *err)
{
    OWNED_JSON token = provenance(work, err);
    OWNED(new_keyslots) slots = new_keyslots_new(err);
    enum luks2_cost cost = work->options->key_in != NULL ? LUKS2_COST_CHOSEN : LUKS2_COST_RANDOM;

    if (token == NULL || slots == NULL || !new_keyslots_add_pool(slots, work->pool_key, cost, err))
        return false;
    work->header = new_keyslots_build(slots, work->identity, token, err);
    return work->header != NULL;
}

static struct image_output *write_encrypted(struct encryption *work, struct error *err)
{
    const struct write_request write = {
        .source = work->source,
        .plan = &work->plan,
        .side = &work->side,
        .path = work->options->out,
        .options = &work->options->output,
        .progress = work->options->progress,
        .root_mode = COPY_ENCRYPT,
        .target_key = work->identity->volume_key,
        .header = work->header,
        .holes_none = work->options->holes_none,
        .field_uuid = work->identity->uuid,
        .field_pin = work->identity->pin,
    };

    return write_image(&write, &work->written, err);
}

/* The key is safe on disk before the image that needs it has a name. */
static bool commit(const struct encryption *work, struct image_output *out, struct error *err)
{
    const char *key_out = work->options->key_out;

    if (!key_file_write(work->pool_key, work->recipients, key_out, false, "key file", err))
        return false;
    if (image_output_commit(out, err))
        return true;
    key_file_take_back(key_out);
    return false;
}

static json_object *warnings(const struct encryption *work, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    if (array == NULL)
        return NULL;
    if (!work->side.prepared &&
        !json_append(array,
                     json_object_new_string("grub.cfg on the ESP is not one of coldseal's: no pin "
                                            "was placed, and this image does not unlock by itself"),
                     err))
        return NULL;
    if (!work->written.free_blocks_left_out && !work->options->holes_none &&
        !json_append(array,
                     json_object_new_string("free blocks of root are not known: every sector was "
                                            "encrypted"),
                     err))
        return NULL;
    return TAKE(array);
}

static bool fill_report(const struct encryption *work, struct coldseal_report *report,
                        const struct disk *written, struct error *err)
{
    const struct coldseal_encrypt_options *options = work->options;
    const struct copy_result *copied = &work->written.copied;
    json_object *json = report_json(report);

    if (work->prepared != NULL) {
        json_object *guest = describe_guest(work->prepared->guest, err);
        if (guest == NULL || !json_add(json, "guest", guest, err))
            return false;
    }
    json_object *header = describe_header(work->header, err);
    if (header == NULL || !json_add(json, "luks2", header, err) ||
        !json_add(json, "pin", describe_hex(work->identity->pin, PIN_BYTES), err) ||
        !describe_pcr15_after_unlock(json, work->identity->pin, err) ||
        !key_file_describe_recipients(work->recipients, json, err))
        return false;
    json_object *warned = warnings(work, err);
    return warned != NULL && json_add(json, "warnings", warned, err) &&
           json_add(json, "written_bytes", json_object_new_uint64(copied->written_bytes), err) &&
           json_add(json, "hole_bytes", json_object_new_uint64(copied->hole_bytes), err) &&
           describe_file(json, "input", options->in, work->plain->disk,
                         json_object_get(work->source_sha256), err) &&
           describe_output(json, options->out, written, options->output.checksum, err);
}

bool coldseal_encrypt(const struct coldseal_encrypt_options *options,
                      struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("encrypt", err);
    OWNED(encryption) work = calloc(1, sizeof(*work));

    if (report == NULL)
        return false;
    if (work == NULL)
        return error_no_memory(err);
    work->options = options;
    if (!write_image_check(options->in, options->out, &options->output, err) ||
        !choose_keys(work, err) || !prepare_source(work, err) ||
        !check_plan(work, work->source, true, err) || !digest_source(work, err) ||
        !build_header(work, err))
        return false;
    OWNED(image_output) out = write_encrypted(work, err);
    if (out == NULL || !commit(work, out, err) ||
        !fill_report(work, report, image_output_disk(out), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
