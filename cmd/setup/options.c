/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <string.h>

const char options_help[] =
    "Usage: coldseal-setup [OPTION...]\n"
    "Prepares the system it runs in, as \"coldseal prepare\" does with an image: the last step of\n"
    "building one. The system boots again when its disk is encrypted, and not before.\n"
    "\n"
    "Options:\n"
    "      --host-config deny|keep   what the host may configure in the guest [deny]\n"
    "      --cloud-init-seed DIR     bake a NoCloud seed into the root\n"
    "      --console-login           keep login prompts on the consoles\n"
    "      --console-recovery        let a recovery key be typed on the console\n"
    "      --unlock coldseal|stock   what unlocks in the guest [coldseal]\n"
    "      --kernel-arg ARG          add to the kernel's command line\n"
    "      --this-machine            also where a system runs, and not only its files are mounted\n"
    "  -q, --quiet                   do not say what is changed\n"
    "  -h, --help                    print this help\n"
    "      --version                 print the version\n"
    "\n"
    "Full description: man coldseal-setup\n";

enum {
    OPTION_HOST_CONFIG = 256,
    OPTION_SEED,
    OPTION_LOGIN,
    OPTION_RECOVERY,
    OPTION_UNLOCK,
    OPTION_KERNEL_ARG,
    OPTION_THIS_MACHINE,
    OPTION_VERSION,
};

static const struct option long_options[] = {
    {"host-config", required_argument, NULL, OPTION_HOST_CONFIG},
    {"cloud-init-seed", required_argument, NULL, OPTION_SEED},
    {"console-login", no_argument, NULL, OPTION_LOGIN},
    {"console-recovery", no_argument, NULL, OPTION_RECOVERY},
    {"unlock", required_argument, NULL, OPTION_UNLOCK},
    {"kernel-arg", required_argument, NULL, OPTION_KERNEL_ARG},
    {"this-machine", no_argument, NULL, OPTION_THIS_MACHINE},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Whether `value` is the second of two words. */
static bool take_choice(const char *name, const char *value, const char *first, const char *second,
                        bool *is_second, struct error *err)
{
    *is_second = strcmp(value, second) == 0;
    return *is_second || strcmp(value, first) == 0 ||
           error_set(err, COLDSEAL_USAGE, "--%s is %s or %s, not \"%s\"", name, first, second,
                     value);
}

static bool take_argument(struct options *options, struct error *err)
{
    if (options->guest.kernel_arg_count == OPTIONS_KERNEL_ARGS)
        return error_set(err, COLDSEAL_USAGE, "more than %d kernel arguments", OPTIONS_KERNEL_ARGS);
    options->kernel_args[options->guest.kernel_arg_count++] = optarg;
    return true;
}

static bool take_option(int option, struct options *options, struct error *err)
{
    struct coldseal_guest_options *guest = &options->guest;
    bool is_second = false;

    switch (option) {
    case OPTION_HOST_CONFIG:
        if (!take_choice("host-config", optarg, "deny", "keep", &is_second, err))
            return false;
        guest->host_config = is_second ? COLDSEAL_HOST_CONFIG_KEEP : COLDSEAL_HOST_CONFIG_DENY;
        return true;
    case OPTION_UNLOCK:
        if (!take_choice("unlock", optarg, "coldseal", "stock", &is_second, err))
            return false;
        guest->unlock = is_second ? COLDSEAL_UNLOCK_STOCK : COLDSEAL_UNLOCK_OURS;
        return true;
    case OPTION_SEED:
        return guest->cloud_init_seed = optarg, true;
    case OPTION_LOGIN:
        return guest->console_login = true;
    case OPTION_RECOVERY:
        return guest->console_recovery = true;
    case OPTION_KERNEL_ARG:
        return take_argument(options, err);
    case OPTION_THIS_MACHINE:
        return options->this_machine = true;
    case 'q':
        return options->quiet = true;
    case 'h':
        return options->action = ACTION_HELP, true;
    case OPTION_VERSION:
        return options->action = ACTION_VERSION, true;
    default:
        return error_set(err, COLDSEAL_USAGE, "unknown or incomplete option (see --help)");
    }
}

bool options_parse(int argc, char **argv, struct options *options, struct error *err)
{
    int option;

    *options = (struct options){.action = ACTION_SET_UP};
    options->guest.kernel_args = options->kernel_args;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "qh", long_options, NULL)) != -1) {
        if (!take_option(option, options, err))
            return false;
    }
    if (optind != argc)
        return error_set(err, COLDSEAL_USAGE, "no arguments but options (see --help)");
    if (options->guest.console_recovery && options->guest.unlock == COLDSEAL_UNLOCK_STOCK)
        return error_set(err, COLDSEAL_USAGE, "--console-recovery needs --unlock coldseal");
    return true;
}
