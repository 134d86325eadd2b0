/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "shared_options.h"

int predict_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_predict_options options = {0};
    struct string_list firmware = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"firmware", 0, OPTION_LIST, "FILE",
         "the target's firmware state, or its name (repeatable)", &firmware},
        MORE_STATES_OPTIONS(options.more),
        {"log", 0, OPTION_STRING, "FILE", "write the events as a TCG event log", &options.log},
        {"force", 'f', OPTION_FLAG, NULL, "replace an existing output file", &options.force},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    if (firmware.count == 0)
        return command_usage(self, &parsed, "--firmware is needed");
    if (!command_stdout_is_for(self, &parsed, options.log))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    options.firmware = firmware.items;
    options.firmware_count = firmware.count;
    options.data_dir = getenv("COLDSEAL_DATA_DIR");
    bool ok = coldseal_predict(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
