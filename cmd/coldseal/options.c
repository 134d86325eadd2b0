/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing by the option tables, and the help made from them. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define MAX_OPTIONS 32
#define HELP_COLUMN 32
#define MAX_KEYSLOTS 32 /* LUKS2 On-Disk Format Specification 1.1.2, clause 3.2.1 */

struct option_table {
    struct option_spec specs[MAX_OPTIONS];
    size_t count;
    struct option long_options[MAX_OPTIONS + 1];
    char letters[3 + 2 * MAX_OPTIONS];
};

static bool parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end;

    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *text == '-' || *text == '+')
        return false;
    const char *unit = *end == '\0' ? NULL : strchr(units, *end);
    unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
    const char *rest = unit == NULL ? end : end + 1;
    if (*rest != '\0' && (unit == NULL || (strcmp(rest, "iB") != 0 && strcmp(rest, "i") != 0)))
        return false;
    *bytes = number << shift;
    return *bytes >> shift == number;
}

static bool parse_number(const char *text, uint32_t *number)
{
    uint64_t value;

    if (!parse_size(text, &value) || value > UINT32_MAX || text[strspn(text, "0123456789")] != '\0')
        return false;
    *number = (uint32_t)value;
    return true;
}

static bool add_slot(uint32_t *slots, const char *text)
{
    uint32_t number;

    if (!parse_number(text, &number) || number >= MAX_KEYSLOTS)
        return false;
    *slots |= UINT32_C(1) << number;
    return true;
}

static bool list_append(struct string_list *list, const char *item)
{
    if (list->count == STRING_LIST_MAX)
        return false;
    list->items[list->count++] = item;
    return true;
}

static bool option_take(const struct option_spec *spec, const char *value)
{
    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)spec->target = true;
        return true;
    case OPTION_STRING:
        *(const char **)spec->target = value;
        return true;
    case OPTION_SIZE:
        return parse_size(value, spec->target);
    case OPTION_NUMBER:
        return parse_number(value, spec->target);
    case OPTION_LIST:
        return list_append(spec->target, value);
    case OPTION_SLOT:
        return add_slot(spec->target, value);
    }
    return false;
}

static void table_add(struct option_table *table, const struct option_spec *spec)
{
    if (table->count == MAX_OPTIONS)
        abort(); /* a table in this program is too long */
    struct option *option = &table->long_options[table->count];
    *option = (struct option){
        .name = spec->name,
        .has_arg = spec->kind == OPTION_FLAG ? no_argument : required_argument,
        .val = 256 + (int)table->count,
    };
    if (spec->letter != 0) {
        size_t used = strlen(table->letters);
        snprintf(table->letters + used, sizeof(table->letters) - used, "%c%s", spec->letter,
                 spec->kind == OPTION_FLAG ? "" : ":");
    }
    table->specs[table->count++] = *spec;
}

static const struct option_spec *table_find(const struct option_table *table, int code)
{
    for (size_t i = 0; i < table->count; i++) {
        if (code == 256 + (int)i || (code < 256 && code == table->specs[i].letter))
            return &table->specs[i];
    }
    return NULL;
}

static void print_help(const struct command *self, const struct option_table *table)
{
    printf("Usage: coldseal %s %s\n%s.\n\nOptions:\n", self->name, self->arguments, self->summary);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        char left[80];
        char letter[] = {'-', spec->letter, ',', ' ', '\0'};
        snprintf(left, sizeof(left), "  %s--%s%s%s", spec->letter ? letter : "    ", spec->name,
                 spec->value ? " " : "", spec->value ? spec->value : "");
        printf("%-*s  %s\n", HELP_COLUMN, left, spec->help);
    }
    printf("\nFull description: man coldseal-%.*s\n", (int)strcspn(self->name, " "), self->name);
}

static bool take_arguments(const struct command *self, size_t least, size_t most, int argc,
                           char **argv, struct parsed *parsed)
{
    parsed->argument_count = (size_t)(argc - optind);
    if (parsed->argument_count < least || parsed->argument_count > most) {
        parsed->exit_code =
            command_usage(self, parsed, "%s argument; the form is: coldseal %s %s",
                          parsed->argument_count < least ? "missing" : "one too many", self->name,
                          self->arguments);
        return false;
    }
    for (size_t i = 0; i < parsed->argument_count; i++)
        parsed->arguments[i] = argv[optind + (int)i];
    return true;
}

static bool refuse_option(const struct command *self, int code, const struct option_spec *spec,
                          char **argv, struct parsed *parsed)
{
    if (spec != NULL && spec->kind == OPTION_LIST)
        parsed->exit_code = command_usage(self, parsed, "--%s is given more than %d times",
                                          spec->name, STRING_LIST_MAX);
    else if (spec != NULL)
        parsed->exit_code = command_usage(self, parsed, "--%s does not take \"%s\" as %s",
                                          spec->name, optarg, spec->value);
    else if (code == ':')
        parsed->exit_code = command_usage(self, parsed, "%s needs a value", argv[optind - 1]);
    else
        parsed->exit_code = command_usage(self, parsed, "unknown option %s", argv[optind - 1]);
    return false;
}

bool command_parse_between(const struct command *self, const struct option_spec *specs,
                           size_t count, size_t least, size_t most, int argc, char **argv,
                           struct parsed *parsed)
{
    bool help = false, version = false;
    const struct option_spec common[] = {
        {"json", 0, OPTION_FLAG, NULL, "print one JSON document", &parsed->common.json},
        {"quiet", 'q', OPTION_FLAG, NULL, "no progress, no report", &parsed->common.quiet},
        {"help", 'h', OPTION_FLAG, NULL, "print this help", &help},
        {"version", 0, OPTION_FLAG, NULL, "print the version", &version},
    };
    struct option_table table = {.letters = ":"};
    int code;

    *parsed = (struct parsed){0};
    for (size_t i = 0; i < count; i++)
        table_add(&table, &specs[i]);
    for (size_t i = 0; i < COUNT_OF(common); i++)
        table_add(&table, &common[i]);
    opterr = 0;
    optind = 1;
    while ((code = getopt_long(argc, argv, table.letters, table.long_options, NULL)) != -1) {
        const struct option_spec *spec = table_find(&table, code);
        if (spec == NULL || !option_take(spec, optarg))
            return refuse_option(self, code, spec, argv, parsed);
    }
    if (!help && !version)
        return take_arguments(self, least, most, argc, argv, parsed);
    if (help)
        print_help(self, &table);
    else
        printf("coldseal %s\n", coldseal_version());
    return false;
}

bool command_parse(const struct command *self, const struct option_spec *specs, size_t count,
                   size_t arguments, int argc, char **argv, struct parsed *parsed)
{
    return command_parse_between(self, specs, count, arguments, arguments, argc, argv, parsed);
}
