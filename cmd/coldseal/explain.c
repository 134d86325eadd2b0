/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "shared_options.h"

int explain_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_explain_options options = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"firmware", 0, OPTION_STRING, "FW", "the target's firmware state, or its name",
         &options.firmware},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 2, argc, argv, &parsed))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    options.data_dir = getenv("COLDSEAL_DATA_DIR");
    options.log = parsed.arguments[1];
    bool ok = coldseal_explain(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
