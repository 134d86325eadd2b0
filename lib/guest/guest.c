/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a guest is prepared. */
#include "guest/guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "guest/boot_files.h"
#include "guest/boot_partition.h"
#include "guest/harden.h"
#include "guest/initramfs.h"
#include "guest/libraries.h"
#include "guest/stamp.h"
#include "guest/template.h"
#include "layout/plan.h"

/* A fresh overlay is tables alone. */
#define OVERLAY_LIMIT_BYTES ((size_t)64 << 20)
#define ATTEMPTS 2

/* Shares of the work, as measured without KVM. */
enum {
    STEP_LAUNCHED = 15,
    STEP_INSPECTED = 25,
    STEP_INSTALLED = 30,
    STEP_BUILT = 95,
    STEP_ALL = 100
};

static void progress(const struct guest_request *request, uint64_t done)
{
    if (request->progress.update != NULL)
        request->progress.update(request->progress.context, "prepare", done, STEP_ALL);
}

static void partition_device(uint32_t number, char device[32])
{
    snprintf(device, 32, "/dev/sda%u", number);
}

static bool mount_at(struct appliance *appliance, uint32_t partition, const char *path,
                     struct error *err)
{
    char device[32];

    partition_device(partition, device);
    return guestfs_mount(appliance->g, device, path) == 0 ||
           appliance_error(appliance, err, "mount partition %u as %s", partition, path);
}

/* Both /boot on root and the one mounted over it get the ESP's mount point. */
static bool mount_all(struct appliance *appliance, const struct guest_request *request,
                      uint32_t *boot_partition, struct error *err)
{
    char device[32];

    *boot_partition = request->boot_partition;
    if (*boot_partition == 0) {
        if (!boot_partition_add(appliance, request->new_boot_offset_bytes,
                                request->new_boot_length_bytes, err))
            return false;
        *boot_partition = BOOT_PARTITION_NUMBER;
    }
    if (!mount_at(appliance, request->root_partition, "/", err) ||
        !guest_make_folder(appliance, "/boot/efi", err))
        return false;
    partition_device(*boot_partition, device);
    if (request->boot_partition == 0 ? !boot_partition_fill(appliance, device, err)
                                     : !mount_at(appliance, *boot_partition, "/boot", err))
        return false;
    return guest_make_folder(appliance, "/boot/efi", err) &&
           mount_at(appliance, request->esp_partition, "/boot/efi", err);
}

static bool read_boot_uuid(struct appliance *appliance, uint32_t boot_partition,
                           struct guest_result *result, struct error *err)
{
    char device[32];

    partition_device(boot_partition, device);
    OWNED_PTR(char) uuid = guestfs_vfs_uuid(appliance->g, device);
    if (uuid == NULL)
        return appliance_error(appliance, err, "UUID of /boot");
    snprintf(result->boot_uuid, sizeof(result->boot_uuid), "%s", uuid);
    return true;
}

static void note_os(const struct guest_os *os, struct guest_result *result)
{
    snprintf(result->os, sizeof(result->os), "%s", os->id);
    snprintf(result->os_version, sizeof(result->os_version), "%s", os->version);
    snprintf(result->os_name, sizeof(result->os_name), "%s", os->name);
    snprintf(result->kernel, sizeof(result->kernel), "%s", os->kernel);
    snprintf(result->initramfs, sizeof(result->initramfs), "%s", initramfs_name(os->initramfs));
}

/* Local packages first: they may bring what is missing. */
static bool check_guest(struct appliance *appliance, const struct guest_request *request,
                        struct guest_os *os, struct guest_result *result, struct error *err)
{
    OWNED_PTR(char) program = unlock_program_path(request->options, err);
    char root[32];

    partition_device(request->root_partition, root);
    if (program == NULL ||
        !harden_install_debs(appliance, request->options, &result->changes, err) ||
        !guest_inspect(appliance, root, request->options->unlock, os, err))
        return false;
    note_os(os, result);
    return os->initramfs == INITRAMFS_DRACUT_STOCK ||
           guest_check_libraries(appliance, os, program, err);
}

static char *render_grub_cfg(const struct guest_request *request, const struct guest_os *os,
                             const struct guest_result *result, struct error *err)
{
    OWNED_PTR(char)
    template = template_read(
        request->options,
        request->options->console_recovery ? "grub-recovery.cfg.in" : "grub.cfg.in", err);

    if (template == NULL)
        return NULL;
    return grub_cfg_render(template, result->boot_uuid, os, request->options, err);
}

static bool prepare_mounted(struct appliance *appliance, const struct guest_request *request,
                            struct guest_result *result, struct error *err)
{
    struct guest_os os;

    if (!check_guest(appliance, request, &os, result, err))
        return false;
    OWNED_PTR(char) grub_cfg = render_grub_cfg(request, &os, result, err);
    if (grub_cfg == NULL)
        return false;
    progress(request, STEP_INSPECTED);
    if (!harden_install(appliance, &os, request->options, result->boot_uuid, result, err))
        return false;
    progress(request, STEP_INSTALLED);
    if (!initramfs_build(appliance, &os, request->options, result, err))
        return false;
    progress(request, STEP_BUILT);
    return boot_files_install(appliance, &os, grub_cfg, result->grub_cfg, sizeof(result->grub_cfg),
                              &result->changes, err) &&
           stamp_write(appliance, result, request->options, err);
}

static struct guest_result *attempt(const struct guest_request *request, bool force_tcg,
                                    struct error *err)
{
    uint32_t boot_partition;
    OWNED(guest_result) result = calloc(1, sizeof(*result));

    if (result == NULL)
        return error_no_memory(err), NULL;
    OWNED(appliance) appliance =
        appliance_launch(request->overlay_path, request->block_bytes, force_tcg, err);
    if (appliance == NULL)
        return NULL;
    memcpy(result->accelerator, appliance->accelerator, sizeof(result->accelerator));
    progress(request, STEP_LAUNCHED);
    if (!mount_all(appliance, request, &boot_partition, err) ||
        !read_boot_uuid(appliance, boot_partition, result, err) ||
        !prepare_mounted(appliance, request, result, err) || !appliance_finish(appliance, err))
        return NULL;
    progress(request, STEP_ALL);
    return TAKE(result);
}

static bool restore_overlay(const char *path, const struct bytes *fresh, struct error *err)
{
    OWNED_FD fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    size_t done = 0;

    if (fd < 0)
        return error_errno(err, COLDSEAL_IO, "%s", path);
    while (done < fresh->size) {
        ssize_t written = write(fd, fresh->data + done, fresh->size - done);
        if (written <= 0)
            return error_errno(err, COLDSEAL_IO, "%s", path);
        done += (size_t)written;
    }
    return true;
}

struct guest_result *guest_prepare(const struct guest_request *request, struct error *err)
{
    if (!template_check_inputs(request->options, err) || !appliance_check_host(err))
        return NULL;
    OWNED(bytes) fresh = bytes_read_file(request->overlay_path, OVERLAY_LIMIT_BYTES, err);
    if (fresh == NULL)
        return error_wrap(err, "overlay"), NULL;
    for (int i = 1; i <= ATTEMPTS; i++) {
        struct guest_result *result = attempt(request, i > 1, err);
        if (result != NULL || err->code != COLDSEAL_TRY_AGAIN)
            return result;
        if (i < ATTEMPTS && !restore_overlay(request->overlay_path, fresh, err))
            return NULL;
    }
    return error_wrap(err, "the appliance failed twice; the same command may work"), NULL;
}

void guest_result_free(struct guest_result *result)
{
    if (result == NULL)
        return;
    lines_clear(&result->changes);
    lines_clear(&result->warnings);
    free(result);
}
