/* SPDX-License-Identifier: Apache-2.0 */
/* coldseal-setup: what `coldseal prepare` does in an image's guest, done by the guest itself while
 * an image is built. The work is lib/guest's, the same for both. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "guest/set_up.h"
#include "guest/template.h"
#include "mounts.h"
#include "options.h"
#include "own_root.h"

#define MOUNTS_LIMIT_BYTES ((size_t)1 << 20)

/* sd_booted(3). */
static bool is_running_system(void)
{
    struct stat there;

    return lstat("/run/systemd/system", &there) == 0 && S_ISDIR(there.st_mode);
}

static bool check_machine(const struct options *options, struct error *err)
{
    if (geteuid() != 0)
        return error_set(err, COLDSEAL_USAGE, "only root can prepare a system");
    return options->this_machine || !is_running_system() ||
           error_set(err, COLDSEAL_USAGE,
                     "this system is running, and would not boot again before its disk is "
                     "encrypted: if that is meant, give --this-machine");
}

static bool read_uuid(struct guest_root *guest, const char *device, struct guest_place *place,
                      struct error *err)
{
    const char *const argv[] = {"/sbin/blkid", "-p", "-o", "value", "-s", "UUID", device, NULL};
    OWNED_PTR(char) output = guest_run(guest, argv, err);

    if (output == NULL)
        return error_wrap(err, "UUID of /boot");
    snprintf(place->boot_uuid, sizeof(place->boot_uuid), "%.*s", (int)strcspn(output, "\n"),
             output);
    return true;
}

static bool read_place(struct guest_root *guest, struct guest_place *place, struct error *err)
{
    struct mount root, boot, esp;
    OWNED_PTR(char)
    mounts = guest_read_text(guest, "/proc/self/mountinfo", MOUNTS_LIMIT_BYTES, err);

    if (mounts == NULL)
        return false;
    if (!mounts_find(mounts, "/", &root))
        return error_set(err, COLDSEAL_IO, "/proc does not say what is mounted");
    if (!mounts_find(mounts, "/boot", &boot))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "/boot is no partition of its own that is mounted; for an image that "
                         "keeps it inside root there is \"coldseal prepare\", which makes one");
    if (!mounts_find(mounts, "/boot/efi", &esp))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "no EFI system partition is mounted at /boot/efi");
    snprintf(place->root_type, sizeof(place->root_type), "%s", root.type);
    return read_uuid(guest, boot.device, place, err);
}

static bool prepare(const struct options *options, struct guest_result *result, struct error *err)
{
    struct guest_root guest = {.ops = &own_root_ops};
    struct guest_place place;

    return check_machine(options, err) && template_check_inputs(&options->guest, err) &&
           read_place(&guest, &place, err) &&
           set_up(&guest, &place, &options->guest, (struct coldseal_progress){0}, result, err);
}

static int run(const struct options *options)
{
    struct error err = {0};
    OWNED(guest_result) result = calloc(1, sizeof(*result));

    if (result == NULL)
        error_no_memory(&err);
    umask(022);
    if (result == NULL || !prepare(options, result, &err)) {
        fprintf(stderr, "coldseal-setup: %s\n", err.message);
        return (int)err.code;
    }
    for (size_t i = 0; i < result->changes.count && !options->quiet; i++)
        printf("%s\n", result->changes.items[i]);
    for (size_t i = 0; i < result->warnings.count; i++)
        fprintf(stderr, "coldseal-setup: warning: %s\n", result->warnings.items[i]);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err = {0};

    if (!options_parse(argc, argv, &options, &err)) {
        fprintf(stderr, "coldseal-setup: %s\n", err.message);
        return (int)err.code;
    }
    switch (options.action) {
    case ACTION_HELP:
        fputs(options_help, stdout);
        return EXIT_SUCCESS;
    case ACTION_VERSION:
        printf("coldseal-setup %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
    case ACTION_SET_UP:
        break;
    }
    return run(&options);
}
