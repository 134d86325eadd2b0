/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

#include <stdlib.h>
#include <string.h>

/* Which of two words; the first where none is given. */
static bool choice_take(const struct command *self, struct parsed *parsed, const char *option,
                        const char *given, const char *const words[2], bool *is_second)
{
    *is_second = given != NULL && strcmp(given, words[1]) == 0;
    if (given == NULL || *is_second || strcmp(given, words[0]) == 0)
        return true;
    parsed->exit_code = command_usage(self, parsed, "--%s is %s or %s, not \"%s\"", option,
                                      words[0], words[1], given);
    return false;
}

static bool appliance_take(const struct command *self, struct parsed *parsed, const char *given,
                           enum coldseal_appliance *appliance)
{
    static const char *const words[] = {
        [COLDSEAL_APPLIANCE_AUTO] = "auto",
        [COLDSEAL_APPLIANCE_YES] = "yes",
        [COLDSEAL_APPLIANCE_NO] = "no",
    };

    *appliance = COLDSEAL_APPLIANCE_AUTO;
    for (int i = COLDSEAL_APPLIANCE_AUTO; i <= COLDSEAL_APPLIANCE_NO; i++) {
        if (given == NULL || strcmp(given, words[i]) == 0)
            return given == NULL || (*appliance = (enum coldseal_appliance)i, true);
    }
    parsed->exit_code =
        command_usage(self, parsed, "--appliance is auto, yes or no, not \"%s\"", given);
    return false;
}

bool guest_arguments_take(const struct command *self, const struct guest_arguments *arguments,
                          struct parsed *parsed, struct coldseal_guest_options *options)
{
    static const char *const host_configs[] = {"deny", "keep"};
    static const char *const unlocks[] = {"coldseal", "stock"};
    bool is_kept, is_stock;
    enum coldseal_appliance appliance;

    if (!choice_take(self, parsed, "host-config", arguments->host_config, host_configs, &is_kept) ||
        !choice_take(self, parsed, "unlock", arguments->unlock, unlocks, &is_stock) ||
        !appliance_take(self, parsed, arguments->appliance, &appliance))
        return false;
    *options = (struct coldseal_guest_options){
        .host_config = is_kept ? COLDSEAL_HOST_CONFIG_KEEP : COLDSEAL_HOST_CONFIG_DENY,
        .unlock = is_stock ? COLDSEAL_UNLOCK_STOCK : COLDSEAL_UNLOCK_OURS,
        .appliance = appliance,
        .console_login = arguments->console_login,
        .console_recovery = arguments->console_recovery,
        .cloud_init_seed = arguments->cloud_init_seed,
        .debs = arguments->debs.items,
        .deb_count = arguments->debs.count,
        .install = arguments->install,
        .kernel_args = arguments->kernel_args.items,
        .kernel_arg_count = arguments->kernel_args.count,
        .root_partition = arguments->root_partition,
        /* as the manual says under ENVIRONMENT: for a program that is not installed */
        .data_dir = getenv("COLDSEAL_DATA_DIR"),
        .unlock_program = getenv("COLDSEAL_UNLOCK"),
    };
    if (!is_stock || !options->console_recovery)
        return true;
    parsed->exit_code = command_usage(self, parsed, "--console-recovery needs --unlock coldseal");
    return false;
}

void output_options_take(struct parsed *parsed, struct coldseal_output_options *output)
{
    parsed->common.statement = output->statement;
    parsed->common.json = parsed->common.json || output->statement;
    output->checksum = parsed->common.json;
}

bool image_arguments_take(const struct command *self, struct parsed *parsed, const char **in,
                          const char **out)
{
    *in = parsed->arguments[0];
    *out = parsed->arguments[1];
    return command_stdin_is_for(self, parsed, *in) && command_stdout_is_for(self, parsed, *out);
}

const char *policy_options_wrong(const struct coldseal_policy_options *policy)
{
    if ((policy->target == NULL) == (policy->parent == NULL))
        return "give one of --target and --parent";
    if (policy->parent != NULL && policy->parent_kind == NULL)
        return "--parent needs --parent-kind";
    if ((policy->firmware_count == 0) == (policy->pcr_values == NULL))
        return "give one of --firmware and --pcr-values";
    return policy->firmware_count == 0 &&
                   (policy->more.other_kernels || policy->more.latest_sbat_level)
               ? "--other-kernels and --latest-sbat-level need --firmware"
               : NULL;
}

void policy_options_take(const struct string_list *states, struct coldseal_policy_options *policy)
{
    policy->firmware = states->items;
    policy->firmware_count = states->count;
    policy->data_dir = getenv("COLDSEAL_DATA_DIR");
}

bool escrow_options_take(const struct command *self, const struct string_list *certificates,
                         const char *key_out, const char *recovery_key_out, struct parsed *parsed,
                         struct coldseal_escrow_options *escrow)
{
    escrow->recipients = certificates->items;
    escrow->recipient_count = certificates->count;
    if (certificates->count == 0 || key_out != NULL || recovery_key_out != NULL)
        return true;
    parsed->exit_code = command_usage(self, parsed, "--recipient is for a new key that is written");
    return false;
}
