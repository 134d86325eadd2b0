/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "shared_options.h"

int verify_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_verify_options options = {0};
    struct string_list firmware = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"firmware", 0, OPTION_LIST, "FW", "the target's firmware state, or its name (repeatable)",
         &firmware},
        {"target", 0, OPTION_STRING, "TARGET", "target document it should be sealed to",
         &options.target},
        {"source", 0, OPTION_STRING, "PLAIN", "the image that was encrypted", &options.source},
        {"key-file", 0, OPTION_STRING, "FILE", "pool key, recovery key or any passphrase",
         &options.key_file},
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 1, argc, argv, &parsed))
        return parsed.exit_code;
    options.image = parsed.arguments[0];
    options.firmware = firmware.items;
    options.firmware_count = firmware.count;
    options.data_dir = getenv("COLDSEAL_DATA_DIR");
    options.progress = command_progress(&parsed);
    bool ok = coldseal_verify(&options, &report, &err);
    return command_finish(&parsed, options.image, ok, report, &err);
}
