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

/* The tokens that can be read, and which of them this prediction opens. */
struct token_list {
    struct systemd_tpm2 *items[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    bool predicted[LUKS2_MAX_TOKENS];
    bool unclear[LUKS2_MAX_TOKENS]; /* could not be compared, and has its row */
    size_t count;
    bool opens; /* one of them */
};

static void token_list_drop(struct token_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        systemd_tpm2_free(list->items[i]);
}

/* One that cannot be read has failed as "tpm-token". */
static void token_list_read(struct token_list *list, const struct luks2_header *header)
{
    json_object *tokens[LUKS2_MAX_TOKENS];
    unsigned numbers[LUKS2_MAX_TOKENS];
    struct error ignored = {0};
    size_t count = luks2_header_tokens(header, "systemd-tpm2", tokens, numbers, LUKS2_MAX_TOKENS);

    for (size_t i = 0; i < count; i++) {
        list->items[list->count] = systemd_tpm2_from_json(tokens[i], &ignored);
        list->numbers[list->count] = numbers[i];
        list->count += list->items[list->count] != NULL;
    }
}

/* A target that may be in several states has a token for each: one has to be this one's. */
static bool check_policy(struct verification *work, const struct token_list *list, size_t i,
                         struct error *err)
{
    unsigned number = list->numbers[i];

    if (list->unclear[i])
        return true;
    if (list->predicted[i])
        return checks_ok(&work->checks, "prediction", err,
                         "token %u: its policy is what this image will measure there", number);
    return list->opens
               ? checks_skipped(&work->checks, "prediction", err,
                                "token %u: its policy is for another state than this one", number)
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

static bool compare_policies(struct verification *work, const struct predictions *predictions,
                             struct token_list *list, struct error *err)
{
    struct error why = {0};

    for (size_t i = 0; i < list->count; i++) {
        if (!policy_is_predicted(predictions, list->items[i], &list->predicted[i], &why)) {
            error_wrap(&why, "token %u", list->numbers[i]);
            list->unclear[i] = true;
            if (!checks_error(&work->checks, "prediction", &why, err))
                return false;
        }
        list->opens |= list->predicted[i];
    }
    return true;
}

static bool check_tokens(struct verification *work, const struct boot_states *states,
                         struct error *err)
{
    const struct coverage_facts facts =
        coverage_facts_predicted(states->predictions.items[0], states->secure_boot[0]);
    __attribute__((cleanup(token_list_drop))) struct token_list list = {0};

    token_list_read(&list, work->header);
    if (!compare_policies(work, &states->predictions, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        if (!check_policy(work, &list, i, err) || !check_coverage(work, &facts, list.items[i], err))
            return false;
    }
    return true;
}

bool verify_prediction(struct verification *work, struct error *err)
{
    const struct source *source = work->source;
    /* what a seal may have been told to add: where it was not, no token has that policy */
    const struct boot_states_request request = {
        .firmware = work->options->firmware,
        .firmware_count = work->options->firmware_count,
        .data_dir = work->options->data_dir,
        .more = {.other_kernels = true, .latest_sbat_level = true},
        .lenient = true,
    };
    OWNED_BOOT_STATES states = {0};
    struct error why = {0};

    if (work->options->firmware_count == 0)
        return checks_skipped(&work->checks, "boot-chain", err, "--firmware was not given");
    struct boot_files *files = boot_files_from_disk(source->disk, source->table, err);
    if (files == NULL)
        return false;
    if (!boot_states_predict(files, &request, &states, &why))
        return checks_error(&work->checks, "boot-chain", &why, err);
    return checks_ok(&work->checks, "boot-chain", err, "starts with that firmware: %s",
                     prediction_chain_name(states.chain.chain)) &&
           (work->header == NULL || check_tokens(work, &states, err));
}
