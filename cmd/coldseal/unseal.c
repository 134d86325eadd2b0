/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

int unseal_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_unseal_options options = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"tcti", 0, OPTION_STRING, "TCTI", "how the TPM is reached [device:/dev/tpmrm0]",
         &options.tcti},
        {"key-out", 0, OPTION_STRING, "FILE", "where the LUKS passphrase goes", &options.key_out},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    if (options.key_out == NULL)
        return command_usage(self, &parsed, "--key-out is needed");
    if (!command_stdout_is_for(self, &parsed, options.key_out))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    bool ok = coldseal_unseal(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
