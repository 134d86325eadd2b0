/* SPDX-License-Identifier: Apache-2.0 */
/* rekey: a new volume key, with pin, policy and header. */
#include "pipeline/describe.h"
#include "pipeline/key_files.h"
#include "pipeline/recrypt.h"
#include "pipeline/rekey_in_place.h"
#include "pipeline/rekeying.h"
#include "report/report.h"

static bool write_new(const struct rekeying *work, struct image_output **written,
                      struct write_result *result, struct error *err)
{
    const struct recrypt_request request = {
        .source = work->source,
        .side = work->side,
        .old_volume_key = work->opened[0].volume_key,
        .identity = work->identity,
        .header = work->header,
        .path = work->options->out,
        .options = &work->options->output,
        .progress = work->options->progress,
    };
    OWNED(image_output) out = recrypt_image(&request, result, err);

    if (out == NULL || !rekeying_write_keys(work, err))
        return false;
    if (!image_output_commit(out, err)) {
        rekeying_take_keys_back(work);
        return false;
    }
    *written = TAKE(out);
    return true;
}

static json_object *kept_slots(const struct rekeying *work, struct error *err)
{
    OWNED_JSON array = json_new_array(err);

    for (int slot = 0; array != NULL && slot < LUKS2_MAX_KEYSLOTS; slot++) {
        if ((work->kept >> slot & 1) != 0 && !json_append(array, json_object_new_int(slot), err))
            return NULL;
    }
    return TAKE(array);
}

static bool fill_report(const struct rekeying *work, json_object *json,
                        const struct copy_result *copied, struct error *err)
{
    json_object *header = describe_header(work->header, err);

    if (header == NULL || !json_add(json, "luks2", header, err) ||
        !json_add(json, "pin", describe_hex(work->identity->pin, PIN_BYTES), err) ||
        !describe_pcr15_after_unlock(json, work->identity->pin, err) ||
        !key_file_describe_recipients(work->recipients, json, err))
        return false;
    if (work->policy != NULL && !seal_policy_describe(work->policy, json, "policy_digest", err))
        return false;
    return json_add(json, "kept_keyslots", kept_slots(work, err), err) &&
           json_add(json, "written_bytes", json_object_new_uint64(copied->written_bytes), err) &&
           json_add(json, "hole_bytes", json_object_new_uint64(copied->hole_bytes), err);
}

static bool rekey_to_file(const struct coldseal_rekey_options *options, json_object *json,
                          struct error *err)
{
    OWNED(image_output) out = NULL;
    OWNED_ENCRYPTED_ROOT root = {0};
    struct cleartext_side side;
    struct write_result result;

    if (!write_image_check(options->in, options->out, &options->output, err))
        return false;
    OWNED(input) input = input_open(options->in, err);
    OWNED(source)
    source = input == NULL ? NULL : source_open(input_path(input), options->backing, 0, err);
    if (source == NULL || !encrypted_root_read(source, &root, err) ||
        !cleartext_side_read(source->disk, source->table, &side, err))
        return false;
    OWNED(rekeying) work = rekeying_new(options, source, &side, root.header, err);
    if (work == NULL || !write_new(work, &out, &result, err) ||
        !fill_report(work, json, &result.copied, err))
        return false;
    return describe_input(json, input, source->disk, options->output.checksum, err) &&
           describe_output(json, options->out, image_output_disk(out), options->output.checksum,
                           err);
}

bool coldseal_rekey(const struct coldseal_rekey_options *options,
                    struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("rekey", err);

    if (report == NULL ||
        !(options->in_place ? rekey_in_place : rekey_to_file)(options, report_json(report), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
