/* SPDX-License-Identifier: Apache-2.0 */
/* verify --firmware: does the image boot there, does the policy follow from what it will measure,
 * and does it cover what decides the boot? */
#include <string.h>

#include "measure/coverage.h"
#include "pipeline/boot_states.h"
#include "pipeline/verify.h"
#include "seal/policy.h"
#include "token/systemd_tpm2.h"

static bool policy_is_predicted(const struct predictions *predictions,
                                const struct systemd_tpm2 *token, bool *predicted,
                                struct error *err)
{
    for (size_t i = 0; i < predictions->count; i++) {
        struct pcr_values values = {0};
        uint8_t policy[32];
        prediction_pcr_values(predictions->items[i], &values);
        if (!policy_pcr_digest(&values, token->pcr_mask, policy, err))
            return false;
        *predicted = memcmp(policy, token->policy_digest, sizeof(policy)) == 0;
        if (*predicted)
            return true;
    }
    return true;
}

static bool check_policy(struct verification *work, const struct predictions *predictions,
                         const struct systemd_tpm2 *token, unsigned number, struct error *err)
{
    struct error why = {0};
    bool predicted = false;

    if (!policy_is_predicted(predictions, token, &predicted, &why)) {
        error_wrap(&why, "token %u", number);
        return checks_error(&work->checks, "prediction", &why, err);
    }
    return predicted
               ? checks_ok(&work->checks, "prediction", err,
                           "token %u: its policy is what this image will measure there", number)
               : checks_failed(&work->checks, "prediction", err,
                               "token %u: its policy is not what this image will measure "
                               "there: it will not unlock",
                               number);
}

static bool check_coverage(struct verification *work, const struct coverage_facts *facts,
                           const struct systemd_tpm2 *token, struct error *err)
{
    struct coverage coverage = {0};

    coverage_assess(facts, token->pcr_mask, &coverage);
    for (size_t i = 0; i < coverage.count; i++) {
        const struct coverage_row *row = &coverage.rows[i];
        bool added =
            row->verdict == COVERAGE_UNCOVERED
                ? checks_failed(&work->checks, "coverage", err, "%s: %s", row->component, row->by)
                : checks_ok(&work->checks, "coverage", err, "%s: %s", row->component, row->by);
        if (!added)
            return false;
    }
    return true;
}

static bool check_tokens(struct verification *work, const struct boot_states *states,
                         struct error *err)
{
    const struct coverage_facts facts =
        coverage_facts_predicted(states->predictions.items[0], states->firmware[0]->secure_boot);
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    struct error ignored = {0};
    size_t count =
        luks2_header_tokens(work->header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        OWNED(systemd_tpm2) token = systemd_tpm2_from_json(tokens[i], &ignored);
        if (token == NULL)
            continue; /* has failed as "tpm-token" */
        if (!check_policy(work, &states->predictions, token, numbers[i], err) ||
            !check_coverage(work, &facts, token, err))
            return false;
    }
    return true;
}

bool verify_prediction(struct verification *work, struct error *err)
{
    const struct source *source = work->source;
    OWNED_BOOT_STATES states = {0};
    struct error why = {0};

    if (work->options->firmware == NULL)
        return checks_skipped(&work->checks, "boot-chain", err, "--firmware was not given");
    struct boot_files *files = boot_files_from_disk(source->disk, source->table, err);
    if (files == NULL)
        return false;
    if (!boot_states_predict(files, &work->options->firmware, 1, work->options->data_dir, &states,
                             &why))
        return checks_error(&work->checks, "boot-chain", &why, err);
    return checks_ok(&work->checks, "boot-chain", err, "starts with that firmware: %s",
                     prediction_chain_name(states.chain.chain)) &&
           (work->header == NULL || check_tokens(work, &states, err));
}
