/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shared_options.h"

static enum coldseal_recovery_action action_of(const struct command *self)
{
    static const char *const names[] = {
        [COLDSEAL_RECOVERY_ADD] = "recovery add",
        [COLDSEAL_RECOVERY_ROTATE] = "recovery rotate",
        [COLDSEAL_RECOVERY_TEST] = "recovery test",
        [COLDSEAL_RECOVERY_REMOVE] = "recovery remove",
    };
    unsigned action = COLDSEAL_RECOVERY_ADD;

    while (action < COLDSEAL_RECOVERY_REMOVE && strcmp(self->name, names[action]) != 0)
        action++;
    return action;
}

static const char *wrong_of_test(const struct coldseal_recovery_options *options)
{
    if (options->key_file == NULL)
        return "--key-file is needed: the recovery key";
    if (options->out != NULL || options->in_place || options->tcti != NULL ||
        options->recovery_key_out != NULL || options->no_recovery || options->output.statement)
        return "only --key-file: nothing is changed";
    return NULL;
}

static const char *wrong_of(const struct coldseal_recovery_options *options)
{
    bool removes = options->action == COLDSEAL_RECOVERY_REMOVE;

    if (options->action == COLDSEAL_RECOVERY_TEST)
        return wrong_of_test(options);
    if ((options->out == NULL) == !options->in_place)
        return "give one of --output and --in-place";
    if ((options->key_file == NULL) == (options->tcti == NULL))
        return "give one of --key-file and --tcti: what opens the image";
    if (removes != (options->recovery_key_out == NULL))
        return removes ? "--recovery-key-out is for add and rotate"
                       : "--recovery-key-out is needed";
    return !removes && options->no_recovery ? "--no-recovery is for remove" : NULL;
}

int recovery_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_recovery_options options = {.action = action_of(self)};
    struct string_list recipients = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"output", 'o', OPTION_STRING, "OUT", "the changed image", &options.out},
        {"in-place", 0, OPTION_FLAG, NULL, "change IMAGE itself", &options.in_place},
        {"key-file", 0, OPTION_STRING, "FILE",
         "a secret that opens the image; test: what is tested", &options.key_file},
        {"tcti", 0, OPTION_STRING, "TCTI", "a TPM that opens the image", &options.tcti},
        {"recovery-key-out", 0, OPTION_STRING, "FILE", "where the new recovery key goes",
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
    const char *wrong = wrong_of(&options);
    if (wrong != NULL)
        return command_usage(self, &parsed, "%s", wrong);
    if (!command_stdout_is_for(self, &parsed, options.recovery_key_out) ||
        !escrow_options_take(self, &recipients, NULL, options.recovery_key_out, &parsed,
                             &options.escrow))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    bool ok = coldseal_recovery(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
