/* SPDX-License-Identifier: Apache-2.0 */
/* Runs guest_prepare() alone, for tests/integration/prepare.sh:
 *     prepare_guest OVERLAY TEMPLATES UNLOCK_PROGRAM ROOT ESP BOOT [OPTION…]
 * BOOT is a partition number, or OFFSET:LENGTH in bytes of one to make. Options: keep,
 * console-login, seed=DIR, deb=FILE, arg=KERNEL_ARGUMENT. Exit code as coldseal's. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guest/guest.h"

#define OPTION_LIMIT 16

struct arguments {
    struct coldseal_guest_options options;
    const char *debs[OPTION_LIMIT];
    const char *kernel_args[OPTION_LIMIT];
};

static bool parse_option(struct arguments *arguments, const char *text)
{
    struct coldseal_guest_options *options = &arguments->options;

    if (strcmp(text, "keep") == 0)
        options->host_config = COLDSEAL_HOST_CONFIG_KEEP;
    else if (strcmp(text, "console-login") == 0)
        options->console_login = true;
    else if (strncmp(text, "seed=", 5) == 0)
        options->cloud_init_seed = text + 5;
    else if (strncmp(text, "deb=", 4) == 0 && options->deb_count < OPTION_LIMIT)
        arguments->debs[options->deb_count++] = text + 4;
    else if (strncmp(text, "arg=", 4) == 0 && options->kernel_arg_count < OPTION_LIMIT)
        arguments->kernel_args[options->kernel_arg_count++] = text + 4;
    else
        return false;
    return true;
}

static bool parse_boot(struct guest_request *request, const char *text)
{
    if (strchr(text, ':') != NULL)
        return sscanf(text, "%" SCNu64 ":%" SCNu64, &request->new_boot_offset_bytes,
                      &request->new_boot_length_bytes) == 2;
    return sscanf(text, "%" SCNu32, &request->boot_partition) == 1;
}

static void show(void *context, const char *stage, uint64_t done, uint64_t total)
{
    (void)context;
    fprintf(stderr, "%s %" PRIu64 "/%" PRIu64 "\n", stage, done, total);
}

static void print_result(const struct guest_result *result)
{
    printf("os=%s %s\nos_name=%s\ninitramfs=%s\nkernel=%s\ngrub_cfg=%s\nboot_uuid=%s\n"
           "accelerator=%s\n",
           result->os, result->os_version, result->os_name, result->initramfs, result->kernel,
           result->grub_cfg, result->boot_uuid, result->accelerator);
    for (size_t i = 0; i < result->changes.count; i++)
        printf("change: %s\n", result->changes.items[i]);
    for (size_t i = 0; i < result->warnings.count; i++)
        printf("warning: %s\n", result->warnings.items[i]);
}

int main(int argc, char **argv)
{
    static struct arguments arguments;
    struct error err = {0};
    struct guest_request request = {.options = &arguments.options, .progress = {show, NULL}};

    if (argc < 7 || sscanf(argv[4], "%" SCNu32, &request.root_partition) != 1 ||
        sscanf(argv[5], "%" SCNu32, &request.esp_partition) != 1 || !parse_boot(&request, argv[6]))
        return COLDSEAL_USAGE;
    request.overlay_path = argv[1];
    request.block_bytes = 512;
    arguments.options.data_dir = argv[2];
    arguments.options.unlock_program = argv[3];
    arguments.options.debs = arguments.debs;
    arguments.options.kernel_args = arguments.kernel_args;
    for (int i = 7; i < argc; i++) {
        if (!parse_option(&arguments, argv[i]))
            return COLDSEAL_USAGE;
    }
    OWNED(guest_result) result = guest_prepare(&request, &err);
    if (result == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return (int)err.code;
    }
    print_result(result);
    return 0;
}
