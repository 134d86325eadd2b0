/* SPDX-License-Identifier: Apache-2.0 */
/* decrypt: back to a plain image. */
#include "core/outfile.h"
#include "pipeline/describe.h"
#include "pipeline/write_image.h"
#include "report/report.h"

static const char unset_uuid[] = "00000000-0000-0000-0000-000000000000";
static const uint8_t unset_pin[PIN_BYTES];

static struct image_output *write_plain(const struct coldseal_decrypt_options *options,
                                        const struct source *source,
                                        const struct cleartext_side *side,
                                        const struct secret *volume_key,
                                        struct write_result *result, struct error *err)
{
    OWNED_PTR(struct plan) plan = calloc(1, sizeof(*plan));
    const struct plan_request request = {
        .drop_bytes = LUKS_HEADER_BYTES,
        .disk_size_bytes = options->output.disk_size_bytes,
        .align_bytes = options->output.align_bytes,
    };
    const struct write_request write = {
        .source = source,
        .plan = plan,
        .side = side,
        .path = options->out,
        .options = &options->output,
        .progress = options->progress,
        .root_mode = COPY_DECRYPT,
        .source_key = volume_key,
        .field_uuid = unset_uuid,
        .field_pin = unset_pin,
    };

    if (plan == NULL) {
        error_no_memory(err);
        return NULL;
    }
    return plan_make(source->table, &request, plan, err) ? write_image(&write, result, err) : NULL;
}

static bool fill_report(struct coldseal_report *report,
                        const struct coldseal_decrypt_options *options, const struct input *input,
                        const struct source *source, const struct write_result *written,
                        const struct disk *out, struct error *err)
{
    json_object *json = report_json(report);

    return describe_input(json, input, source->disk, options->output.checksum, err) &&
           json_add(json, "written_bytes", json_object_new_uint64(written->copied.written_bytes),
                    err) &&
           describe_output(json, options->out, out, options->output.checksum, err);
}

bool coldseal_decrypt(const struct coldseal_decrypt_options *options,
                      struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("decrypt", err);
    OWNED_ENCRYPTED_ROOT root = {0};
    struct cleartext_side side;
    struct write_result written;

    if (report == NULL || !write_image_check(options->in, options->out, &options->output, err))
        return false;
    OWNED(input) input = input_open(options->in, err);
    OWNED(source)
    source = input == NULL ? NULL : source_open(input_path(input), options->backing, 0, err);
    if (source == NULL || !encrypted_root_read(source, &root, err) ||
        !cleartext_side_read(source->disk, source->table, &side, err))
        return false;
    OWNED(secret) volume_key = encrypted_root_open(&root, options->key_file, err);
    if (volume_key == NULL)
        return false;
    OWNED(image_output) out = write_plain(options, source, &side, volume_key, &written, err);
    if (out == NULL || !image_output_commit(out, err) ||
        !fill_report(report, options, input, source, &written, image_output_disk(out), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
