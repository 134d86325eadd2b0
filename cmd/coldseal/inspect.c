/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

int inspect_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_inspect_options options = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"root-partition", 0, OPTION_NUMBER, "N", "which partition is root",
         &options.root_partition},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    bool ok = coldseal_inspect(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
