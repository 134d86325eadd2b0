/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

int target_read_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_target_read_options options = {0};
    const struct option_spec specs[] = {
        {"tcti", 0, OPTION_STRING, "TCTI", "how the TPM is reached [device:/dev/tpmrm0]",
         &options.tcti},
        {"swtpm-state", 0, OPTION_STRING, "DIR", "state folder of a VM that is shut off",
         &options.swtpm_state},
        {"output", 'o', OPTION_STRING, "FILE", "target document", &options.out},
        {"force", 'f', OPTION_FLAG, NULL, "replace an existing output file", &options.force},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 0, argc, argv, &parsed))
        return parsed.exit_code;
    if (options.out == NULL)
        return command_usage(self, &parsed, "--output is needed");
    if (options.tcti != NULL && options.swtpm_state != NULL)
        return command_usage(self, &parsed, "give one of --tcti and --swtpm-state");
    if (!command_stdout_is_for(self, &parsed, options.out))
        return parsed.exit_code;
    bool ok = coldseal_target_read(&options, &report, &err);
    return command_finish(&parsed, NULL, ok, report, &err);
}
