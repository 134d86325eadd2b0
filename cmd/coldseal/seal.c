/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

static const char *missing(const struct coldseal_seal_options *options, bool shared_key)
{
    if ((options->out == NULL) == !options->in_place)
        return "give one of --output and --in-place";
    if (options->key_file == NULL)
        return "--key-file is needed: a secret that opens the image";
    if ((options->target == NULL) == (options->parent == NULL))
        return "give one of --target and --parent";
    if (options->parent != NULL && options->parent_kind == NULL)
        return "--parent needs --parent-kind";
    if (options->pcr_values == NULL)
        return "--pcr-values is needed";
    if (!shared_key)
        return "--shared-key must be said: every disk sealed from this image has one volume key";
    if ((options->recovery_key_out == NULL) == !options->no_recovery)
        return "give one of --recovery-key-out and --no-recovery";
    return NULL;
}

int seal_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_seal_options options = {0};
    bool shared_key = false;
    const struct option_spec specs[] = {
        {"output", 'o', OPTION_STRING, "OUT", "the sealed image", &options.out},
        {"in-place", 0, OPTION_FLAG, NULL, "change IMAGE itself", &options.in_place},
        {"key-file", 0, OPTION_STRING, "FILE", "pool key, recovery key or any passphrase",
         &options.key_file},
        {"target", 0, OPTION_STRING, "TARGET", "target document", &options.target},
        {"parent", 0, OPTION_STRING, "KEY", "bare public key of the storage key", &options.parent},
        {"parent-kind", 0, OPTION_STRING, "srk", "what the bare key is", &options.parent_kind},
        {"pcr-values", 0, OPTION_STRING, "FILE", "JSON, event log or console text of a boot",
         &options.pcr_values},
        {"pcrs", 0, OPTION_STRING, "LIST", "PCRs of the policy [4,7,8,9,14,15]", &options.pcrs},
        {"shared-key", 0, OPTION_FLAG, NULL, "keep the image's volume key", &shared_key},
        {"recovery-key-out", 0, OPTION_STRING, "FILE", "make a recovery key and write it here",
         &options.recovery_key_out},
        {"no-recovery", 0, OPTION_FLAG, NULL, "no way in but the TPM", &options.no_recovery},
        {"force", 'f', OPTION_FLAG, NULL, "replace existing output files", &options.output.force},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    const char *wrong = missing(&options, shared_key);
    if (wrong != NULL)
        return command_usage(self, &parsed, "%s", wrong);
    if (!command_stdout_is_for(self, &parsed, options.recovery_key_out))
        return parsed.exit_code;
    options.key_choice = COLDSEAL_KEY_SHARED;
    options.image = parsed.arguments[0];
    options.output.checksum = parsed.common.json;
    options.progress = command_progress(&parsed);
    bool ok = coldseal_seal(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
