/* SPDX-License-Identifier: Apache-2.0 */
/* Runs guest_prepare() alone, for tests/integration/prepare.sh:
 *     prepare_guest OVERLAY TEMPLATES UNLOCK_PROGRAM ROOT ESP BOOT
 * The last three are partition numbers. Exit code as coldseal's. */
#include <inttypes.h>
#include <stdio.h>

#include "guest/guest.h"

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
    struct coldseal_guest_options options = {0};
    struct error err = {0};
    struct guest_request request = {.options = &options, .progress = {show, NULL}};

    if (argc != 7 || sscanf(argv[4], "%" SCNu32, &request.root_partition) != 1 ||
        sscanf(argv[5], "%" SCNu32, &request.esp_partition) != 1 ||
        sscanf(argv[6], "%" SCNu32, &request.boot_partition) != 1)
        return COLDSEAL_USAGE;
    request.overlay_path = argv[1];
    request.block_bytes = 512;
    options.data_dir = argv[2];
    options.unlock_program = argv[3];
    OWNED(guest_result) result = guest_prepare(&request, &err);
    if (result == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return (int)err.code;
    }
    print_result(result);
    return 0;
}
