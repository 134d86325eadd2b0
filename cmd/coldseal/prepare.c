/* SPDX-License-Identifier: Apache-2.0 */
#include "shared_options.h"

int prepare_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_prepare_options options = {0};
    struct guest_arguments guest = {0};
    const struct option_spec specs[] = {
        GUEST_OPTIONS(guest),
        SHAPE_OPTIONS(options.output),
        OUTPUT_OPTIONS(options.output),
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 2, argc, argv, &parsed) ||
        !guest_arguments_take(self, &guest, &parsed, &options.guest))
        return parsed.exit_code;
    output_options_take(&parsed, &options.output);
    if (!image_arguments_take(self, &parsed, &options.in, &options.out))
        return parsed.exit_code;
    options.progress = command_progress(&parsed);
    bool ok = coldseal_prepare(&options, &report, &err);
    return command_finish(&parsed, options.in, ok, report, &err);
}
