/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shared_options.h"

static bool has_policy(const struct coldseal_policy_options *policy)
{
    return policy->target != NULL || policy->parent != NULL || policy->parent_kind != NULL ||
           policy->pcr_values != NULL || policy->firmware_count != 0 || policy->pcrs != NULL;
}

static bool has_shape(const struct coldseal_output_options *output)
{
    return output->format != NULL || output->disk_size_bytes != 0 || output->align_bytes != 0;
}

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

static const char *wrong_of(const struct coldseal_rekey_options *options)
{
    if ((options->out == NULL) == !options->in_place)
        return "give an output or --in-place";
    if (options->in_place &&
        (options->luks_uuid != NULL || has_shape(&options->output) || options->output.no_sync))
        return "--luks-uuid, --format, --disk-size, --align and --no-sync are for a new file";
    if (options->in_place && (is_stdout(options->key_out) || is_stdout(options->recovery_key_out)))
        return "--in-place needs its new keys in files: the command that finishes it reads them";
    if (options->in_place && options->backing != NULL)
        return "--in-place is for an image that has no backing file";
    if (options->key_file_count == 0)
        return "--key-file is needed: a secret that opens the image";
    if (options->key_out != NULL && has_policy(&options->policy))
        return "--key-out makes an image for later sealing, a target a sealed one: give one of "
               "them";
    if (options->recovery_key_out != NULL && options->no_recovery)
        return "give one of --recovery-key-out and --no-recovery";
    return has_policy(&options->policy) ? policy_options_wrong(&options->policy) : NULL;
}

int rekey_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_rekey_options options = {0};
    struct string_list key_files = {0};
    struct string_list firmware = {0};
    struct string_list recipients = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"in-place", 0, OPTION_FLAG, NULL, "change IN itself", &options.in_place},
        {"key-file", 0, OPTION_LIST, "FILE", "a secret that opens IN, whose keyslot stays",
         &key_files},
        {"drop-slot", 0, OPTION_SLOT, "N", "leave keyslot N out", &options.drop_slots},
        {"key-out", 0, OPTION_STRING, "FILE", "make a pool key and write it here",
         &options.key_out},
        {"luks-uuid", 0, OPTION_STRING, "UUID", "UUID of the LUKS volume [random]",
         &options.luks_uuid},
        POLICY_OPTIONS(options.policy, firmware),
        {"recovery-key-out", 0, OPTION_STRING, "FILE", "make a recovery key and write it here",
         &options.recovery_key_out},
        ESCROW_OPTIONS(recipients),
        {"no-recovery", 0, OPTION_FLAG, NULL, "no way in but the TPM", &options.no_recovery},
        SHAPE_OPTIONS(options.output),
        OUTPUT_OPTIONS(options.output),
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse_between(self, specs, COUNT_OF(specs), 1, 2, argc, argv, &parsed))
        return parsed.exit_code;
    output_options_take(&parsed, &options.output);
    options.key_files = key_files.items;
    options.key_file_count = key_files.count;
    policy_options_take(&firmware, &options.policy);
    if (!image_arguments_take(self, &parsed, &options.in, &options.out))
        return parsed.exit_code;
    for (size_t i = 0; i < key_files.count; i++) {
        if (!command_stdin_is_for(self, &parsed, key_files.items[i]))
            return parsed.exit_code;
    }
    const char *wrong = wrong_of(&options);
    if (wrong != NULL)
        return command_usage(self, &parsed, "%s", wrong);
    if (!command_stdout_is_for(self, &parsed, options.key_out) ||
        !command_stdout_is_for(self, &parsed, options.recovery_key_out) ||
        !escrow_options_take(self, &recipients, options.key_out, options.recovery_key_out, &parsed,
                             &options.escrow))
        return parsed.exit_code;
    options.progress = command_progress(&parsed);
    bool ok = coldseal_rekey(&options, &report, &err);
    return command_finish(&parsed, options.in, ok, report, &err);
}
