/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_many.h"

struct lines {
    const struct parsed *parsed;
    int code; /* of the last line that could not be printed */
};

static void print_line(void *context, const struct coldseal_report *report)
{
    struct lines *lines = context;
    int code = command_line(lines->parsed, report);

    if (code != COLDSEAL_OK)
        lines->code = code;
}

const char *seal_many_wrong(const struct coldseal_seal_options *options, const char *overlay,
                            const char *delta)
{
    if (options->out != NULL || overlay != NULL || delta != NULL || options->in_place)
        return "--targets says where each output goes: no --output, --overlay, --delta or "
               "--in-place";
    if (options->output.statement)
        return "--statement is about one image: not with --targets";
    return options->recovery_key_out == NULL
               ? NULL
               : "--targets says where each recovery key goes: no --recovery-key-out";
}

int seal_many_run(const struct parsed *parsed, const struct coldseal_seal_options *options,
                  const char *targets)
{
    struct lines lines = {.parsed = parsed};
    const struct coldseal_seal_many_options many = {
        .seal = *options,
        .targets = targets,
        .result = print_line,
        .context = &lines,
    };
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};
    bool ok = coldseal_seal_many(&many, &report, &err);
    int code = command_finish(parsed, options->image, ok, report, &err);

    return ok && lines.code != COLDSEAL_OK ? lines.code : code;
}
