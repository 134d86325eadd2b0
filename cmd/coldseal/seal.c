/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_many.h"
#include "shared_options.h"

/* Of the options that say what is made for one machine. */
static const char *wrong_of_one(const struct coldseal_seal_options *options, const char *overlay,
                                const char *delta)
{
    const char *wrong = policy_options_wrong(&options->policy);

    if ((options->out != NULL) + (overlay != NULL) + (delta != NULL) + options->in_place != 1)
        return "give one of --output, --overlay, --delta and --in-place";
    if (wrong != NULL)
        return wrong;
    if ((options->recovery_key_out == NULL) == !options->no_recovery)
        return "give one of --recovery-key-out and --no-recovery";
    return options->in_place && options->output.no_sync ? "--no-sync is for a new file" : NULL;
}

static const char *wrong_of(const struct coldseal_seal_options *options, bool shared, bool fresh)
{
    if (options->key_file == NULL)
        return "--key-file is needed: a secret that opens the image";
    return shared == fresh ? "give one of --fresh-key (a volume key of its own) and --shared-key "
                             "(one for every disk sealed from this image)"
                           : NULL;
}

static void take_form(const char *overlay, const char *delta, struct coldseal_seal_options *options)
{
    if (overlay == NULL && delta == NULL)
        return;
    options->form = overlay != NULL ? COLDSEAL_FORM_OVERLAY : COLDSEAL_FORM_DELTA;
    options->out = overlay != NULL ? overlay : delta;
}

int seal_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_seal_options options = {0};
    bool shared = false, fresh = false;
    const char *overlay = NULL, *delta = NULL, *targets = NULL;
    struct string_list firmware = {0};
    struct string_list recipients = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"output", 'o', OPTION_STRING, "OUT", "the sealed image", &options.out},
        {"overlay", 0, OPTION_STRING, "OUT", "a thin qcow2 over IMAGE: only what changes",
         &overlay},
        {"delta", 0, OPTION_STRING, "OUT", "a JSON document of the blocks that change", &delta},
        {"targets", 0, OPTION_STRING, "FILE", "many machines, one on each line of JSON", &targets},
        {"in-place", 0, OPTION_FLAG, NULL, "change IMAGE itself", &options.in_place},
        {"key-file", 0, OPTION_STRING, "FILE", "pool key, recovery key or any passphrase",
         &options.key_file},
        POLICY_OPTIONS(options.policy, firmware),
        {"fresh-key", 0, OPTION_FLAG, NULL, "a new volume key, all data encrypted anew", &fresh},
        {"shared-key", 0, OPTION_FLAG, NULL, "keep the image's volume key", &shared},
        {"recovery-key-out", 0, OPTION_STRING, "FILE", "make a recovery key and write it here",
         &options.recovery_key_out},
        ESCROW_OPTIONS(recipients),
        {"no-recovery", 0, OPTION_FLAG, NULL, "no way in but the TPM", &options.no_recovery},
        OUTPUT_OPTIONS(options.output),
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    output_options_take(&parsed, &options.output);
    policy_options_take(&firmware, &options.policy);
    const char *wrong = targets != NULL ? seal_many_wrong(&options, overlay, delta)
                                        : wrong_of_one(&options, overlay, delta);
    if (wrong == NULL)
        wrong = wrong_of(&options, shared, fresh);
    if (wrong != NULL)
        return command_usage(self, &parsed, "%s", wrong);
    if (!command_stdout_is_for(self, &parsed, options.recovery_key_out) ||
        !escrow_options_take(self, &recipients, targets, options.recovery_key_out, &parsed,
                             &options.escrow))
        return parsed.exit_code;
    take_form(overlay, delta, &options);
    options.key_choice = fresh ? COLDSEAL_KEY_FRESH : COLDSEAL_KEY_SHARED;
    options.image = parsed.arguments[0];
    options.output.checksum = options.output.checksum && targets == NULL;
    options.progress = command_progress(&parsed);
    if (targets != NULL)
        return seal_many_run(&parsed, &options, targets);
    bool ok = coldseal_seal(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
