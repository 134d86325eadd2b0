/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "command.h"

static bool take_secure_boot(const char *text, enum coldseal_secure_boot *secure_boot)
{
    if (text == NULL)
        return true;
    *secure_boot = strcmp(text, "on") == 0 ? COLDSEAL_SECURE_BOOT_ON : COLDSEAL_SECURE_BOOT_OFF;
    return strcmp(text, "on") == 0 || strcmp(text, "off") == 0;
}

/* Leaves those that were given, and says how many. */
static size_t drop_unsaid(struct coldseal_firmware_variable *variables, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (variables[i].file != NULL)
            variables[kept++] = variables[i];
    }
    return kept;
}

static int import(const struct command *self, struct parsed *parsed,
                  struct coldseal_firmware_import_options *options)
{
    struct coldseal_report *report = NULL;
    struct coldseal_error err = {0};

    options->sources = parsed->arguments;
    options->source_count = parsed->argument_count;
    if (options->source_count == 0 && options->variable_count == 0)
        return command_usage(self, parsed, "nothing to import from");
    if (options->out == NULL)
        return command_usage(self, parsed, "--output is needed");
    if (!command_stdout_is_for(self, parsed, options->out))
        return parsed->exit_code;
    bool ok = coldseal_firmware_import(options, &report, &err);
    return command_finish(parsed, NULL, ok, report, &err);
}

int firmware_import_run(const struct command *self, int argc, char **argv)
{
    struct coldseal_firmware_import_options options = {0};
    struct coldseal_firmware_variable variables[] = {
        {"PK", NULL},  {"KEK", NULL},     {"db", NULL},       {"dbx", NULL},
        {"dbt", NULL}, {"MokList", NULL}, {"MokListX", NULL}, {"SbatLevel", NULL},
    };
    const char *secure_boot = NULL;
    const struct option_spec specs[] = {
        {"output", 'o', OPTION_STRING, "FILE", "firmware document", &options.out},
        {"force", 'f', OPTION_FLAG, NULL, "replace an existing output file", &options.force},
        {"secure-boot", 0, OPTION_STRING, "on|off", "whether images must be signed", &secure_boot},
        {"pk", 0, OPTION_STRING, "ESL", "signature list of the variable PK", &variables[0].file},
        {"kek", 0, OPTION_STRING, "ESL", "… KEK", &variables[1].file},
        {"db", 0, OPTION_STRING, "ESL", "… db", &variables[2].file},
        {"dbx", 0, OPTION_STRING, "ESL", "… dbx", &variables[3].file},
        {"dbt", 0, OPTION_STRING, "ESL", "… dbt", &variables[4].file},
        {"mok-list", 0, OPTION_STRING, "ESL", "… MokList", &variables[5].file},
        {"mok-list-x", 0, OPTION_STRING, "ESL", "… MokListX", &variables[6].file},
        {"sbat-level", 0, OPTION_STRING, "CSV", "text of the variable SbatLevel",
         &variables[7].file},
    };
    struct parsed parsed;

    if (!command_parse_between(self, specs, COUNT_OF(specs), 0, MAX_ARGUMENTS, argc, argv, &parsed))
        return parsed.exit_code;
    if (!take_secure_boot(secure_boot, &options.secure_boot))
        return command_usage(self, &parsed, "--secure-boot is \"on\" or \"off\"");
    options.variables = variables;
    options.variable_count = drop_unsaid(variables, COUNT_OF(variables));
    return import(self, &parsed, &options);
}
