/* SPDX-License-Identifier: Apache-2.0 */
/* target read: a TPM's storage key and what vouches for it. */
#include <stdio.h>
#include <string.h>

#include "core/outfile.h"
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
    OWNED_PTR(char) text = NULL;

    if (json == NULL)
        return false;
    const char *pretty = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    if (pretty == NULL || asprintf(&text, "%s\n", pretty) < 0) {
        text = NULL;
        return error_no_memory(err);
    }
    return outfile_write(options->out, text, strlen(text), 0644, options->force, err);
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
