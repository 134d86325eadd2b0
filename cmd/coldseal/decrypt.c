/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

int decrypt_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_decrypt_options options = {0};
    const struct option_spec specs[] = {
        BACKING_OPTION(options),
        {"key-file", 0, OPTION_STRING, "FILE", "pool key, recovery key or any passphrase",
         &options.key_file},
        SHAPE_OPTIONS(options.output),
        OUTPUT_OPTIONS(options.output),
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 2, argc, argv, &parsed))
        return parsed.exit_code;
    output_options_take(&parsed, &options.output);
    if (options.key_file == NULL)
        return command_usage(self, &parsed, "--key-file is needed");
    if (!image_arguments_take(self, &parsed, &options.in, &options.out) ||
        !command_stdin_is_for(self, &parsed, options.key_file))
        return parsed.exit_code;
    options.progress = command_progress(&parsed);
    bool ok = coldseal_decrypt(&options, &report, &err);
    return command_finish(&parsed, options.in, ok, report, &err);
}
