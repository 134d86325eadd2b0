/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shared_options.h"

static bool holes_take(const struct command *self, const char *holes, struct parsed *parsed,
                       bool *none)
{
    *none = holes != NULL && strcmp(holes, "none") == 0;
    if (*none || holes == NULL || strcmp(holes, "free") == 0)
        return true;
    parsed->exit_code = command_usage(self, parsed, "--holes is free or none, not \"%s\"", holes);
    return false;
}

int encrypt_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_encrypt_options options = {0};
    struct guest_arguments guest = {0};
    struct string_list recipients = {0};
    const char *holes = NULL;
    const struct option_spec specs[] = {
        {"key-out", 0, OPTION_STRING, "FILE", "make a pool key and write it here",
         &options.key_out},
        {"key-file", 0, OPTION_STRING, "FILE", "bring a pool key", &options.key_in},
        ESCROW_OPTIONS(recipients),
        {"luks-uuid", 0, OPTION_STRING, "UUID", "UUID of the LUKS volume [random]",
         &options.luks_uuid},
        {"no-prepare", 0, OPTION_FLAG, NULL, "leave the guest as it is", &options.no_prepare},
        {"holes", 0, OPTION_STRING, "free|none", "which blocks may stay holes [free]", &holes},
        GUEST_OPTIONS(guest),
        SHAPE_OPTIONS(options.output),
        OUTPUT_OPTIONS(options.output),
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    struct parsed parsed;

    if (!command_parse(self, specs, COUNT_OF(specs), 2, argc, argv, &parsed) ||
        !guest_arguments_take(self, &guest, &parsed, &options.guest) ||
        !holes_take(self, holes, &parsed, &options.holes_none))
        return parsed.exit_code;
    output_options_take(&parsed, &options.output);
    if ((options.key_in == NULL) == (options.key_out == NULL))
        return command_usage(self, &parsed, "give one of --key-out and --key-file");
    if (!image_arguments_take(self, &parsed, &options.in, &options.out) ||
        !command_stdin_is_for(self, &parsed, options.key_in) ||
        !command_stdout_is_for(self, &parsed, options.key_out) ||
        !escrow_options_take(self, &recipients, options.key_out, NULL, &parsed, &options.escrow))
        return parsed.exit_code;
    options.progress = command_progress(&parsed);
    bool ok = coldseal_encrypt(&options, &report, &err);
    return command_finish(&parsed, options.in, ok, report, &err);
}
