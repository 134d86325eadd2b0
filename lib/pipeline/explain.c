/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why a machine did not unlock, from what it measured. */
#include <string.h>

#include "measure/firmware_stand_in.h"
#include "pipeline/boot_states.h"
#include "pipeline/describe.h"
#include "pipeline/explain_report.h"
#include "pipeline/sealed_states.h"
#include "report/report.h"

/* What a firmware state that is only guessed says nothing about. */
#define PCR_OF_SHIM 14
#define PCRS_OF_FIRMWARE (1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6 | 1u << 7)

struct explain_work {
    const struct coldseal_explain_options *options;
    struct boot_record record;
    struct source *source;
    struct sealed_states sealed;
    struct firmware *firmware; /* as given, until it is one of the states' */
    struct boot_states states;
    const struct prediction *prediction; /* one of those: of the state that was sealed for */
    struct measured_list *expected;
    struct explanation sides;
    struct error no_prediction;
};

static void explain_work_drop(struct explain_work *work)
{
    measured_list_free(work->expected);
    boot_states_drop(&work->states);
    firmware_free(work->firmware);
    source_free(work->source);
    boot_record_drop(&work->record);
}

/* Of several states, the one that this boot came nearest to is what it should have been. */
static bool read_sealed(struct explain_work *work, struct error *err)
{
    const struct sealed_state *nearest;

    if (!sealed_states_read(work->source, &work->sealed, err))
        return false;
    work->sides.mask = work->sealed.mask;
    nearest = sealed_states_nearest(&work->sealed, &work->record.values);
    if (nearest == NULL)
        return true;
    work->sides.sealed = nearest->values;
    work->sides.sealed_state = nearest->name;
    return true;
}

static bool leads_to_sealed(const struct explain_work *work, const struct prediction *prediction,
                            uint32_t pcr)
{
    return (work->sides.sealed.known >> pcr & 1) != 0 &&
           memcmp(work->sides.sealed.sha256[pcr], prediction->pcrs[pcr].sha256,
                  sizeof(prediction->pcrs[pcr].sha256)) == 0;
}

/* The prediction that leads to most of what was sealed; of two alike the first. Those from `own` on
 * are with Secure Boot as the log does not have it, and count only where they lead to the programs
 * that were sealed. */
static const struct prediction *choose(const struct explain_work *work, size_t own)
{
    const struct predictions *predictions = &work->states.predictions;
    uint32_t mask = work->options->firmware == NULL ? ~PCRS_OF_FIRMWARE : ~0u;
    const struct prediction *chosen = NULL;
    unsigned most = 0;

    for (size_t i = 0; i < predictions->count; i++) {
        struct pcr_values values = {0};
        if (i >= own && !leads_to_sealed(work, predictions->items[i], 4))
            continue;
        prediction_pcr_values(predictions->items[i], &values);
        unsigned common = pcr_values_in_common(&work->sides.sealed, &values, mask);
        if (chosen == NULL || common > most) {
            chosen = predictions->items[i];
            most = common;
        }
    }
    return chosen;
}

/* Without a firmware state, one that the log shows. Whether Secure Boot is on decides what is in
 * PCR 4: both are looked at. */
static bool add_stand_ins(struct explain_work *work, const struct coldseal_more_states *more,
                          size_t *own, struct error *err)
{
    const uint8_t *first = work->states.chain.programs[0]->digests.sha256;
    bool logged = eventlog_has_secure_boot(work->record.log);
    struct firmware *as_logged = firmware_stand_in(work->record.log, first, logged, err);
    struct firmware *otherwise;
    struct error ignored = {0};

    bool ok = as_logged != NULL && boot_states_add(&work->states, as_logged, more, true, err);
    *own = work->states.predictions.count;
    otherwise = firmware_stand_in(work->record.log, first, !logged, &ignored);
    return (otherwise != NULL && boot_states_add(&work->states, otherwise, more, true, &ignored)) ||
           ok;
}

static bool predict_image(struct explain_work *work, struct boot_files *files, struct error *err)
{
    bool several = work->sealed.count > 1;
    const struct coldseal_more_states more = {several, several};
    size_t own = SIZE_MAX;

    if (!boot_states_begin(files, &work->states, err))
        return false;
    if (work->firmware == NULL) {
        if (!add_stand_ins(work, &more, &own, err))
            return false;
    } else if (!boot_states_add(&work->states, TAKE(work->firmware), &more, true, err)) {
        return false;
    }
    work->prediction = choose(work, own);
    return work->prediction != NULL;
}

static bool is_finding(const struct error *why)
{
    return why->code == COLDSEAL_TPM || why->code == COLDSEAL_BAD_IMAGE ||
           why->code == COLDSEAL_UNSUPPORTED;
}

/* An image that does not boot there has no prediction; the report says so. */
static bool predict(struct explain_work *work, struct error *err)
{
    struct error why = {0};
    struct boot_files *files = boot_files_from_disk(work->source->disk, work->source->table, err);

    if (files == NULL)
        return false;
    if (predict_image(work, files, &why)) {
        work->expected = measured_from_prediction(work->prediction, err);
        return work->expected != NULL;
    }
    if (is_finding(&why))
        work->no_prediction = why;
    else
        *err = why;
    return is_finding(&why);
}

/* One of several states, every PCR of it: that the prediction is of another state says nothing. */
static bool is_as_sealed(const struct explain_work *work)
{
    const struct pcr_values *sealed = &work->sides.sealed;
    uint32_t mask = work->sealed.mask & sealed->known;

    return mask == work->sealed.mask && pcr_values_in_common(sealed, &work->record.values, mask) ==
                                            (unsigned)__builtin_popcount(mask);
}

static void settle_sides(struct explain_work *work)
{
    struct explanation *sides = &work->sides;

    sides->record = &work->record;
    sides->expected = work->expected;
    sides->no_prediction = work->no_prediction.message;
    if (work->prediction == NULL) {
        sides->mask = sides->mask != 0 ? sides->mask : PCR_DEFAULT_MASK;
        return;
    }
    if (sides->mask == 0)
        sides->mask = prediction_chain_default_pcrs(work->prediction->chain);
    prediction_pcr_values(work->prediction, &sides->predicted);
    sides->predicted.known &= ~work->prediction->recorded;
    if (work->options->firmware == NULL) {
        sides->predicted.known &= ~PCRS_OF_FIRMWARE;
        /* machine owner keys are the target's: what was sealed knows them, the stand-in does not */
        if (pcr_values_in_common(&sides->sealed, &work->record.values, 1u << PCR_OF_SHIM) == 1)
            sides->predicted.known &= ~(1u << PCR_OF_SHIM);
    }
    if (work->sealed.count > 1 && is_as_sealed(work))
        sides->predicted.known = 0;
}

static bool fill_report(struct explain_work *work, json_object *json, uint32_t *differing,
                        struct error *err)
{
    const struct coldseal_explain_options *options = work->options;
    const char *firmware = options->firmware == NULL ? "not given: the image's own part is compared"
                           : work->states.firmware_count > 0 ? work->states.firmware[0]->origin
                                                             : options->firmware;

    if (!describe_file(json, "image", options->image, work->source->disk, NULL, err) ||
        !json_add(json, "firmware", json_object_new_string(firmware), err) ||
        !json_add(json, "said", json_object_new_string(work->record.said), err))
        return false;
    if (work->no_prediction.code != COLDSEAL_OK &&
        !json_add(json, "no_prediction", json_object_new_string(work->no_prediction.message), err))
        return false;
    return explain_fill(&work->sides, json, differing, err);
}

static bool explain(struct explain_work *work, struct error *err)
{
    const char *firmware = work->options->firmware;

    if (!boot_record_read(work->options->log, &work->record, err) ||
        (firmware != NULL &&
         (work->firmware = firmware_find(firmware, work->options->data_dir, err)) == NULL))
        return false;
    work->source = source_open(work->options->image, work->options->backing, 0, err);
    if (work->source == NULL || !read_sealed(work, err) || !predict(work, err))
        return false;
    settle_sides(work);
    return true;
}

bool coldseal_explain(const struct coldseal_explain_options *options,
                      struct coldseal_report **report_out, struct coldseal_error *err)
{
    OWNED(coldseal_report) report = report_new("explain", err);
    __attribute__((cleanup(explain_work_drop))) struct explain_work work = {
        .options = options, .sides.sealed_state = ""};
    uint32_t differing = 0;
    struct error second = {0};
    char pcrs[64];

    if (report == NULL || !explain(&work, err) ||
        !fill_report(&work, report_json(report), &differing, err))
        return false;
    pcr_mask_format(differing, pcrs);
    if (differing != 0)
        error_set(err, COLDSEAL_DIFFERS, "the boot differs in PCR %s", pcrs);
    if (differing != 0 && !report_add_failure(report, err, &second)) {
        *err = second;
        return false;
    }
    if (report_out != NULL)
        *report_out = TAKE(report);
    return differing == 0;
}
