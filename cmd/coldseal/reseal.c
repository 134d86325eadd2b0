/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

static const char *wrong_of(const struct coldseal_seal_options *options)
{
    if ((options->out == NULL) == !options->in_place)
        return "give one of --output and --in-place";
    if ((options->key_file == NULL) == (options->tcti == NULL))
        return "give one of --key-file and --tcti: what opens the image";
    if (options->recovery_key_out != NULL && options->no_recovery)
        return "give one of --recovery-key-out and --no-recovery";
    return policy_options_wrong(&options->policy);
}

int reseal_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_seal_options options = {.key_choice = COLDSEAL_KEY_SHARED};
    struct string_list firmware = {0};
    struct string_list recipients = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"output", 'o', OPTION_STRING, "OUT", "the resealed image", &options.out},
        {"in-place", 0, OPTION_FLAG, NULL, "change IMAGE itself", &options.in_place},
        {"key-file", 0, OPTION_STRING, "FILE", "recovery key, pool key or any passphrase",
         &options.key_file},
        {"tcti", 0, OPTION_STRING, "TCTI", "a TPM that still opens the image", &options.tcti},
        POLICY_OPTIONS(options.policy, firmware),
        {"recovery-key-out", 0, OPTION_STRING, "FILE", "make one more recovery key, written here",
         &options.recovery_key_out},
        ESCROW_OPTIONS(recipients),
        {"no-recovery", 0, OPTION_FLAG, NULL, "no way in but the TPM", &options.no_recovery},
        {"force", 'f', OPTION_FLAG, NULL, "replace existing output files", &options.output.force},
        STATEMENT_OPTION(options.output),
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    output_options_take(&parsed, &options.output);
    policy_options_take(&firmware, &options.policy);
    const char *wrong = wrong_of(&options);
    if (wrong != NULL)
        return command_usage(self, &parsed, "%s", wrong);
    if (!command_stdout_is_for(self, &parsed, options.recovery_key_out) ||
        !escrow_options_take(self, &recipients, NULL, options.recovery_key_out, &parsed,
                             &options.escrow))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    bool ok = coldseal_reseal(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
