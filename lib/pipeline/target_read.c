/* SPDX-License-Identifier: Apache-2.0 */
/* target read: a TPM's storage key and what vouches for it. */
#include "core/json.h"
#include "pipeline/describe.h"
#include "report/report.h"
#include "seal/tpm.h"

static struct target *read_tcti(const char *tcti, struct error *err)
{
    OWNED(tpm) tpm = tpm_open(tcti, err);

    return tpm == NULL ? NULL : tpm_read_target(tpm, err);
}

static bool write_document(const struct coldseal_target_read_options *options,
                           const struct target *target, struct error *err)
{
    OWNED_JSON json = target_to_json(target, err);

    return json != NULL && json_write_file(options->out, json, options->force, err);
}

bool coldseal_target_read(const struct coldseal_target_read_options *options,
                          struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("target read", err);

    if (report == NULL)
        return false;
    OWNED(target) target = options->swtpm_state != NULL
                               ? swtpm_state_read_target(options->swtpm_state, err)
                               : read_tcti(options->tcti, err);
    if (target == NULL || !write_document(options, target, err))
        return false;
    json_object *described = describe_target(target, err);
    if (described == NULL || !json_add(report_json(report), "target", described, err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}
