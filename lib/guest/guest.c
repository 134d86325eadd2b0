/* SPDX-License-Identifier: Apache-2.0 */
/* A guest prepared in an appliance. */
#include "guest/guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "guest/appliance.h"
#include "guest/boot_partition.h"
#include "guest/set_up.h"
#include "guest/template.h"
#include "layout/plan.h"

/* A fresh overlay is tables alone. */
#define OVERLAY_LIMIT_BYTES ((size_t)64 << 20)
#define ATTEMPTS 2

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
        !guest_make_folder(&appliance->root, "/boot/efi", err))
        return false;
    partition_device(*boot_partition, device);
    if (request->boot_partition == 0 ? !boot_partition_fill(appliance, device, err)
                                     : !mount_at(appliance, *boot_partition, "/boot", err))
        return false;
    return guest_make_folder(&appliance->root, "/boot/efi", err) &&
           mount_at(appliance, request->esp_partition, "/boot/efi", err);
}

static bool read_place(struct appliance *appliance, uint32_t root_partition,
                       uint32_t boot_partition, struct guest_place *place, struct error *err)
{
    char root[32], boot[32];

    partition_device(root_partition, root);
    partition_device(boot_partition, boot);
    OWNED_PTR(char) uuid = guestfs_vfs_uuid(appliance->g, boot);
    if (uuid == NULL)
        return appliance_error(appliance, err, "UUID of /boot");
    OWNED_PTR(char) type = guestfs_vfs_type(appliance->g, root);
    if (type == NULL)
        return appliance_error(appliance, err, "type of root");
    snprintf(place->boot_uuid, sizeof(place->boot_uuid), "%s", uuid);
    snprintf(place->root_type, sizeof(place->root_type), "%s", type);
    return true;
}

static struct guest_result *attempt(const struct guest_request *request, bool force_tcg,
                                    struct error *err)
{
    struct guest_place place;
    uint32_t boot_partition;
    OWNED(guest_result) result = calloc(1, sizeof(*result));

    if (result == NULL)
        return error_no_memory(err), NULL;
    OWNED(appliance) appliance = appliance_launch(request->overlay_path, request->block_bytes,
                                                  request->options->install, force_tcg, err);
    if (appliance == NULL)
        return NULL;
    memcpy(result->accelerator, appliance->accelerator, sizeof(result->accelerator));
    set_up_progress(request->progress, SET_UP_LAUNCHED);
    if (!mount_all(appliance, request, &boot_partition, err) ||
        !read_place(appliance, request->root_partition, boot_partition, &place, err) ||
        !set_up(&appliance->root, &place, request->options, request->progress, result, err) ||
        !appliance_finish(appliance, err))
        return NULL;
    set_up_progress(request->progress, SET_UP_ALL);
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
