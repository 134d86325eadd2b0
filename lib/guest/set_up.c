/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/set_up.h"

#include <stdio.h>
#include <string.h>

#include "guest/boot_files.h"
#include "guest/cloud_init.h"
#include "guest/harden.h"
#include "guest/holds.h"
#include "guest/identity.h"
#include "guest/initramfs.h"
#include "guest/libraries.h"
#include "guest/stamp.h"
#include "guest/template.h"
#include "guest/units.h"

void set_up_progress(struct coldseal_progress progress, enum set_up_step done)
{
    if (progress.update != NULL)
        progress.update(progress.context, "prepare", done, SET_UP_ALL);
}

static void note_os(const struct guest_os *os, struct guest_result *result)
{
    snprintf(result->os, sizeof(result->os), "%s", os->id);
    snprintf(result->os_version, sizeof(result->os_version), "%s", os->version);
    snprintf(result->os_name, sizeof(result->os_name), "%s", os->name);
    snprintf(result->kernel, sizeof(result->kernel), "%s", os->kernel);
    snprintf(result->initramfs, sizeof(result->initramfs), "%s", initramfs_name(os->initramfs));
}

bool set_up_check(struct guest_root *guest, const struct guest_place *place,
                  const struct coldseal_guest_options *options, struct guest_os *os,
                  struct guest_result *result, struct error *err)
{
    OWNED_PTR(char) program = unlock_program_path(options, err);

    snprintf(result->boot_uuid, sizeof(result->boot_uuid), "%s", place->boot_uuid);
    if (program == NULL || !harden_install_debs(guest, options, &result->changes, err) ||
        !guest_inspect(guest, place->root_type, options->unlock, os, err))
        return false;
    note_os(os, result);
    return os->initramfs == INITRAMFS_DRACUT_STOCK ||
           guest_check_libraries(guest, os, program, options->install, &result->changes, err);
}

static char *render_grub_cfg(const struct coldseal_guest_options *options,
                             const struct guest_os *os, const char *boot_uuid, struct error *err)
{
    OWNED_PTR(char)
    template = template_read(
        options, options->console_recovery ? "grub-recovery.cfg.in" : "grub.cfg.in", err);

    return template == NULL ? NULL : grub_cfg_render(template, boot_uuid, os, options, err);
}

/* What the host or the console could reach of the running guest. */
static bool close_guest(struct guest_root *guest, const struct coldseal_guest_options *options,
                        struct guest_result *result, struct error *err)
{
    bool is_denied = options->host_config == COLDSEAL_HOST_CONFIG_DENY;

    return units_close(guest, options, result, err) &&
           (!is_denied || cloud_init_warn(guest, &result->warnings, err)) &&
           holds_set(guest, &result->changes, err) &&
           identity_clear(guest, &result->changes, err) && units_enable(guest, err);
}

bool set_up_apply(struct guest_root *guest, const struct guest_os *os,
                  const struct coldseal_guest_options *options, struct coldseal_progress progress,
                  struct guest_result *result, struct error *err)
{
    OWNED_PTR(char) grub_cfg = render_grub_cfg(options, os, result->boot_uuid, err);

    if (grub_cfg == NULL)
        return false;
    set_up_progress(progress, SET_UP_INSPECTED);
    if (!harden_install(guest, os, options, result->boot_uuid, result, err))
        return false;
    set_up_progress(progress, SET_UP_INSTALLED);
    if (!close_guest(guest, options, result, err) ||
        !initramfs_build(guest, os, options, &result->changes, err))
        return false;
    set_up_progress(progress, SET_UP_BUILT);
    return boot_files_install(guest, os, grub_cfg, result->grub_cfg, sizeof(result->grub_cfg),
                              &result->changes, err) &&
           stamp_write(guest, result, options, err);
}

bool set_up(struct guest_root *guest, const struct guest_place *place,
            const struct coldseal_guest_options *options, struct coldseal_progress progress,
            struct guest_result *result, struct error *err)
{
    struct guest_os os;

    return set_up_check(guest, place, options, &os, result, err) &&
           set_up_apply(guest, &os, options, progress, result, err);
}

void guest_result_free(struct guest_result *result)
{
    if (result == NULL)
        return;
    lines_clear(&result->changes);
    lines_clear(&result->warnings);
    free(result);
}
