/* SPDX-License-Identifier: Apache-2.0 */
/* prepare: the guest's part, written as a plain image. */
#include "core/outfile.h"
#include "pipeline/describe.h"
#include "pipeline/prepared.h"
#include "pipeline/write_image.h"
#include "report/report.h"

static bool fill_report(struct coldseal_report *report,
                        const struct coldseal_prepare_options *options, const struct input *input,
                        const struct prepared *prepared, const struct disk *written,
                        struct error *err)
{
    json_object *json = report_json(report);
    json_object *guest = describe_guest(prepared->guest, err);

    if (guest == NULL || !json_add(json, "guest", guest, err))
        return false;
    return describe_input(json, input, prepared->base, options->output.checksum, err) &&
           describe_output(json, options->out, written, options->output.checksum, err);
}

static struct image_output *write_prepared(const struct coldseal_prepare_options *options,
                                           const struct prepared *prepared, struct plan *plan,
                                           struct error *err)
{
    const struct plan_request request = {
        .disk_size_bytes = options->output.disk_size_bytes,
        .align_bytes = options->output.align_bytes,
        .need_boot = true,
    };
    const struct write_request write = {
        .source = prepared->source,
        .plan = plan,
        .side = &prepared->side,
        .path = options->out,
        .options = &options->output,
        .progress = options->progress,
        .root_mode = COPY_PLAIN,
    };
    struct write_result result;

    return plan_make(prepared->source->table, &request, plan, err)
               ? write_image(&write, &result, err)
               : NULL;
}

bool coldseal_prepare(const struct coldseal_prepare_options *options,
                      struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("prepare", err);
    OWNED_PTR(struct plan) plan = calloc(1, sizeof(*plan));

    if (report == NULL || !write_image_check(options->in, options->out, &options->output, err))
        return false;
    if (plan == NULL)
        return error_no_memory(err);
    OWNED(input) input = input_open(options->in, err);
    OWNED(prepared)
    prepared = input == NULL ? NULL : prepared_new(input, &options->guest, options->progress, err);
    if (prepared == NULL)
        return false;
    OWNED(image_output) out = write_prepared(options, prepared, plan, err);
    if (out == NULL || !image_output_commit(out, err) ||
        !fill_report(report, options, input, prepared, image_output_disk(out), err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
