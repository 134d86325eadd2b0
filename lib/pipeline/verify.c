/* SPDX-License-Identifier: Apache-2.0 */
/* verify: every promise, checked on the finished image. */
#include "pipeline/verify.h"

#include "pipeline/describe.h"
#include "report/report.h"

static void verification_drop(struct verification *work)
{
    json_object_put(work->guest);
    free(work->command_line);
    secret_free(work->volume_key);
    luks2_header_free(work->header);
    source_free(work->source);
    checks_drop(&work->checks);
}

static bool run_checks(struct verification *work, struct error *err)
{
    return verify_layout(work, err) && verify_header(work, err) && verify_tokens(work, err) &&
           verify_boot_side(work, err) && verify_prediction(work, err) && verify_data(work, err);
}

static bool fill_report(const struct verification *work, json_object *json, struct error *err)
{
    const struct coldseal_verify_options *options = work->options;

    if (!describe_file(json, "image", options->image, work->source->disk, NULL, err) ||
        !json_add(json, "verified", json_object_new_boolean(work->checks.failed == 0), err) ||
        !json_add(json, "checks", json_object_get(work->checks.rows), err))
        return false;
    json_object *channels = verify_channels(work, err);
    return channels != NULL && json_add(json, "channels", channels, err);
}

bool coldseal_verify(const struct coldseal_verify_options *options,
                     struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("verify", err);
    __attribute__((cleanup(verification_drop))) struct verification work = {.options = options};
    struct error second = {0};

    if (report == NULL || !checks_init(&work.checks, err))
        return false;
    work.source = source_open(options->image, options->backing, 0, err);
    if (work.source == NULL || !run_checks(&work, err) ||
        !fill_report(&work, report_json(report), err))
        return false;
    bool passed = checks_passed(&work.checks, err);
    if (!passed && !report_add_failure(report, err, &second)) {
        *err = second;
        return false;
    }
    if (report_out != NULL)
        *report_out = TAKE(report);
    return passed;
}
