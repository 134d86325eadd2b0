/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why a machine did not unlock, from what it measured. */
#include <string.h>

#include "measure/firmware_stand_in.h"
#include "measure/predict.h"
#include "pipeline/describe.h"
#include "pipeline/explain_report.h"
#include "report/report.h"
#include "token/provenance.h"
#include "token/systemd_tpm2.h"

/* What a firmware state that is only guessed says nothing about. */
#define PCRS_OF_FIRMWARE (1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6 | 1u << 7)

struct explain_work {
    const struct coldseal_explain_options *options;
    struct boot_record record;
    struct source *source;
    struct boot_files *files;
    struct boot_chain chain;
    struct firmware *firmware;
    struct prediction *prediction;
    struct measured_list *expected;
    struct explanation sides;
    struct error no_prediction;
};

static void explain_work_drop(struct explain_work *work)
{
    measured_list_free(work->expected);
    prediction_free(work->prediction);
    firmware_free(work->firmware);
    boot_chain_drop(&work->chain);
    boot_files_free(work->files);
    source_free(work->source);
    boot_record_drop(&work->record);
}

/* Values and PCRs that the header was sealed to; an image that is not sealed has none. */
static bool read_sealed(struct explain_work *work, struct error *err)
{
    OWNED_ENCRYPTED_ROOT root = {0};
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    struct error ignored = {0};

    work->sides.mask = 0;
    if (partition_by_role(work->source->table, ROLE_ENCRYPTED_ROOT) != NULL &&
        !encrypted_root_read(work->source, &root, err))
        return false;
    size_t count = root.header == NULL ? 0
                                       : luks2_header_tokens(root.header, "systemd-tpm2", tokens,
                                                             numbers, LUKS2_MAX_TOKENS);
    for (size_t i = 0; i < count; i++) {
        OWNED(systemd_tpm2) token = systemd_tpm2_from_json(tokens[i], &ignored);
        work->sides.mask |= token == NULL ? 0 : token->pcr_mask;
    }
    if (work->sides.mask != 0 &&
        luks2_header_tokens(root.header, PROVENANCE_TOKEN_TYPE, tokens, numbers, 1) == 1 &&
        !pcr_values_from_json(tokens[0], &work->sides.sealed, &ignored))
        work->sides.sealed.known = 0;
    return true;
}

static struct prediction *predict_on(struct explain_work *work, const struct firmware *firmware,
                                     struct error *err)
{
    const struct boot_program_source programs = boot_program_files();

    return predict_boot(work->files, &work->chain, &programs, firmware, "", err);
}

static bool leads_to_sealed(const struct explain_work *work, const struct prediction *prediction,
                            uint32_t pcr)
{
    return (work->sides.sealed.known >> pcr & 1) != 0 &&
           memcmp(work->sides.sealed.sha256[pcr], prediction->pcrs[pcr].sha256,
                  sizeof(prediction->pcrs[pcr].sha256)) == 0;
}

/* Whether Secure Boot is on decides what is in PCR 4. It is as in the log, but where only the
 * other state leads to what was sealed, that is what was expected. */
static struct prediction *predict_stand_in(struct explain_work *work, struct error *err)
{
    const uint8_t *first = work->chain.programs[0]->digests.sha256;
    bool logged = eventlog_has_secure_boot(work->record.log);
    OWNED(firmware) as_logged = firmware_stand_in(work->record.log, first, logged, err);
    OWNED(firmware) otherwise = firmware_stand_in(work->record.log, first, !logged, err);
    struct error ignored = {0};

    if (as_logged == NULL || otherwise == NULL)
        return NULL;
    OWNED(prediction) other = predict_on(work, otherwise, &ignored);
    OWNED(prediction) same = predict_on(work, as_logged, err);
    if (other != NULL && (same == NULL || !leads_to_sealed(work, same, 4)) &&
        leads_to_sealed(work, other, 4))
        return TAKE(other);
    return TAKE(same);
}

static struct prediction *predict_image(struct explain_work *work, struct error *err)
{
    const struct boot_program_source programs = boot_program_files();

    if (!boot_chain_find(work->files, &programs, &work->chain, err))
        return NULL;
    return work->firmware != NULL ? predict_on(work, work->firmware, err)
                                  : predict_stand_in(work, err);
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

    work->files = boot_files_from_disk(work->source->disk, work->source->table, err);
    if (work->files == NULL)
        return false;
    work->prediction = predict_image(work, &why);
    if (work->prediction != NULL) {
        work->expected = measured_from_prediction(work->prediction, err);
        return work->expected != NULL;
    }
    if (is_finding(&why))
        work->no_prediction = why;
    else
        *err = why;
    return is_finding(&why);
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
    if (work->options->firmware == NULL)
        sides->predicted.known &= ~PCRS_OF_FIRMWARE;
}

static bool fill_report(struct explain_work *work, json_object *json, uint32_t *differing,
                        struct error *err)
{
    const struct coldseal_explain_options *options = work->options;
    const char *firmware = work->firmware != NULL ? work->firmware->origin
                                                  : "not given: the image's own part is compared";

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
    __attribute__((cleanup(explain_work_drop))) struct explain_work work = {.options = options};
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
