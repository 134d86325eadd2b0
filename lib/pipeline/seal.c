/* SPDX-License-Identifier: Apache-2.0 */
/* seal, reseal and recovery: a new header for one VM. */
#include "pipeline/recovery_test.h"
#include "pipeline/sealing.h"
#include "report/report.h"

static bool finish(struct sealing *work, struct coldseal_report *report, struct error *err)
{
    return sealing_write(work, err) && sealing_describe(work, report_json(report), err);
}

bool coldseal_seal(const struct coldseal_seal_options *options, struct coldseal_report **report_out,
                   struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("seal", err);

    if (report == NULL)
        return false;
    OWNED(sealing) work = sealing_new(SEALING_NEW, options, err);
    if (work == NULL || !finish(work, report, err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}

bool coldseal_reseal(const struct coldseal_seal_options *options,
                     struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("reseal", err);

    if (report == NULL)
        return false;
    OWNED(sealing) work = sealing_new(SEALING_AGAIN, options, err);
    if (work == NULL || !finish(work, report, err))
        return false;
    if (report_out != NULL)
        *report_out = TAKE(report);
    return true;
}

static bool run_recovery(const struct coldseal_seal_options *options,
                         enum coldseal_recovery_action action, struct coldseal_report *report,
                         struct error *err)
{
    static const enum sealing_kind kinds[] = {
        [COLDSEAL_RECOVERY_ADD] = SEALING_RECOVERY_ADD,
        [COLDSEAL_RECOVERY_ROTATE] = SEALING_RECOVERY_ROTATE,
        [COLDSEAL_RECOVERY_REMOVE] = SEALING_RECOVERY_REMOVE,
    };
    OWNED(sealing) work = sealing_new(kinds[action], options, err);

    return work != NULL && finish(work, report, err);
}

bool coldseal_recovery(const struct coldseal_recovery_options *options,
                       struct coldseal_report **report_out, struct coldseal_error *err)
{
    const struct coldseal_seal_options seal = {
        .image = options->image,
        .backing = options->backing,
        .out = options->out,
        .in_place = options->in_place,
        .key_file = options->key_file,
        .tcti = options->tcti,
        .key_choice = COLDSEAL_KEY_SHARED,
        .recovery_key_out = options->recovery_key_out,
        .escrow = options->escrow,
        .no_recovery = options->no_recovery,
        .output = options->output,
    };
    OWNED(coldseal_report) report = report_new("recovery", err);

    if (report == NULL)
        return false;
    bool ok = options->action == COLDSEAL_RECOVERY_TEST
                  ? recovery_test(options, report_json(report), err)
                  : run_recovery(&seal, options->action, report, err);
    if (ok && report_out != NULL)
        *report_out = TAKE(report);
    return ok;
}
