/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char options_help[] =
    "Usage: coldseal-unlock\n"
    "       coldseal-unlock --test --cmdline FILE --device FILE[:OFFSET]... --tcti TCTI\n"
    "                       [--event-log FILE]\n"
    "\n"
    "Without options: unlocks the root from within an initramfs, or powers this machine off.\n"
    "\n"
    "  --test                  do all of it but map the root and power off; PCR 15 is extended\n"
    "  --cmdline FILE          kernel command line, instead of /proc/cmdline\n"
    "  --device FILE[:OFFSET]  partition or image file, header at OFFSET bytes; may be repeated\n"
    "  --tcti TCTI             TPM, as tpm2-tools take it\n"
    "  --event-log FILE        binary event log whose digest log is printed on a failure\n"
    "  --help, --version\n";

enum { OPTION_TEST = 256, OPTION_CMDLINE, OPTION_DEVICE, OPTION_TCTI, OPTION_EVENT_LOG };

static const struct option long_options[] = {
    {"test", no_argument, NULL, OPTION_TEST},
    {"cmdline", required_argument, NULL, OPTION_CMDLINE},
    {"device", required_argument, NULL, OPTION_DEVICE},
    {"tcti", required_argument, NULL, OPTION_TCTI},
    {"event-log", required_argument, NULL, OPTION_EVENT_LOG},
    {NULL, 0, NULL, 0},
};

static bool parse_offset(const char *text, uint64_t *offset)
{
    char *end = NULL;

    errno = 0;
    *offset = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *offset <= INT64_MAX;
}

static bool add_device(struct candidates *devices, const char *text, struct error *err)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

    if (devices->count == DEVICE_MAX_CANDIDATES)
        return error_set(err, COLDSEAL_USAGE, "more than %d devices", DEVICE_MAX_CANDIDATES);
    struct candidate *candidate = &devices->items[devices->count];
    if (length == 0 || length >= sizeof(candidate->path))
        return error_set(err, COLDSEAL_USAGE, "--device %s: name too long or empty", text);
    if (colon != NULL && !parse_offset(colon + 1, &candidate->offset_bytes))
        return error_set(err, COLDSEAL_USAGE, "--device %s: OFFSET is not a number", text);
    memcpy(candidate->path, text, length);
    devices->count++;
    return true;
}

static bool take_option(int option, struct options *options, struct error *err)
{
    switch (option) {
    case OPTION_TEST:
        return true;
    case OPTION_CMDLINE:
        options->cmdline = optarg;
        return true;
    case OPTION_DEVICE:
        return add_device(&options->devices, optarg, err);
    case OPTION_TCTI:
        options->tcti = optarg;
        return true;
    case OPTION_EVENT_LOG:
        options->event_log = optarg;
        return true;
    default:
        return error_set(err, COLDSEAL_USAGE, "unknown or incomplete option (see --help)");
    }
}

static bool parse_test(int argc, char **argv, struct options *options, struct error *err)
{
    int option;

    options->action = ACTION_TEST;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!take_option(option, options, err))
            return false;
    }
    if (optind != argc || options->cmdline == NULL || options->tcti == NULL ||
        options->devices.count == 0)
        return error_set(err, COLDSEAL_USAGE,
                         "--test takes --cmdline, --device and --tcti (see --help)");
    return true;
}

bool options_parse(int argc, char **argv, struct options *options, struct error *err)
{
    *options = (struct options){.action = ACTION_UNLOCK};
    if (argc == 1)
        return true;
    if (argc > 1 && strcmp(argv[1], "--test") == 0)
        return parse_test(argc, argv, options, err);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        options->action = ACTION_HELP;
    else if (argc == 2 && strcmp(argv[1], "--version") == 0)
        options->action = ACTION_VERSION;
    else
        return error_set(err, COLDSEAL_USAGE, "no options but --test, --help, --version");
    return true;
}
