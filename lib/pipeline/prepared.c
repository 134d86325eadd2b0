/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/prepared.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/open.h"
#include "image/output.h"
#include "image/overlay.h"

void prepared_free(struct prepared *prepared)
{
    if (prepared == NULL)
        return;
    source_free(prepared->source);
    disk_free(prepared->native);
    guest_result_free(prepared->guest);
    if (prepared->overlay_fd >= 0)
        close(prepared->overlay_fd);
    disk_free(prepared->base);
    workspace_free(prepared->workspace);
    free(prepared);
}

static struct guest_request make_request(const struct prepared *prepared,
                                         const struct partition_table *table,
                                         const struct coldseal_guest_options *options,
                                         struct coldseal_progress progress)
{
    const struct partition *root = partition_by_role(table, ROLE_ROOT);
    const struct partition *esp = partition_by_role(table, ROLE_ESP);
    const struct partition *boot = partition_by_role(table, ROLE_BOOT);

    return (struct guest_request){
        .overlay_path = prepared->workspace->overlay_path,
        .block_bytes = table->gpt.block_bytes,
        .root_partition = root->entry.number,
        .esp_partition = esp->entry.number,
        .boot_partition = boot == NULL ? 0 : boot->entry.number,
        .options = options,
        .progress = progress,
    };
}

static bool make_overlay(const struct prepared *prepared, const char *path, uint64_t size_bytes,
                         struct error *err)
{
    OWNED_PTR(char) absolute = path[0] == '/' ? strdup(path) : realpath(path, NULL);
    OWNED_FD fd = open(prepared->workspace->overlay_path,
                       O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (absolute == NULL)
        return error_errno(err, COLDSEAL_IO, "resolve the path");
    if (fd < 0)
        return error_errno(err, COLDSEAL_IO, "create overlay %s",
                           prepared->workspace->overlay_path);
    const struct image_backing backing = {absolute, disk_format(prepared->base)};
    return qcow2_write_overlay(fd, size_bytes, &backing, err);
}

/* Without an appliance, on a disk whose changes lie in a file. */
static bool run_native(struct prepared *prepared, const struct partition_table *table,
                       const struct coldseal_guest_options *options,
                       struct coldseal_progress progress, bool *is_final, struct error *err)
{
    const char *path = prepared->workspace->overlay_path;

    *is_final = true;
    prepared->overlay_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (prepared->overlay_fd < 0)
        return error_errno(err, COLDSEAL_IO, "create overlay %s", path);
    prepared->native = overlay_disk_new(prepared->base, prepared->overlay_fd, err);
    if (prepared->native == NULL)
        return false;
    prepared->guest =
        guest_prepare_native(prepared->native, table, options, progress, is_final, err);
    return prepared->guest != NULL;
}

static void drop_native(struct prepared *prepared)
{
    disk_free(TAKE(prepared->native));
    close(TAKE_FD(prepared->overlay_fd));
}

static bool open_base(struct prepared *prepared, const char *path, struct error *err)
{
    disk_free(TAKE(prepared->base));
    prepared->base = image_open(path, NULL, err);
    return prepared->base != NULL;
}

static bool run_appliance(struct prepared *prepared, const char *path,
                          const struct guest_request *request, uint64_t size_bytes,
                          struct error *err)
{
    if (!make_overlay(prepared, path, size_bytes, err))
        return false;
    prepared->guest = guest_prepare(request, err);
    return prepared->guest != NULL;
}

static bool look_at(struct prepared *prepared, struct disk *disk, uint32_t root_number,
                    struct error *err)
{
    prepared->source = source_over(disk, root_number, err);
    return prepared->source != NULL &&
           cleartext_side_read(prepared->source->disk, prepared->source->table, &prepared->side,
                               err);
}

static bool reopen(struct prepared *prepared, uint32_t root_number, struct error *err)
{
    prepared->overlay_fd = open(prepared->workspace->overlay_path, O_RDONLY | O_CLOEXEC);
    if (prepared->overlay_fd < 0)
        return error_errno(err, COLDSEAL_IO, "open overlay");
    struct disk *disk = image_open_fd(prepared->overlay_fd, false, prepared->base, err);
    return disk != NULL && look_at(prepared, disk, root_number, err);
}

/* Where /boot is inside root it gets a partition behind everything, for the time being: the plan
 * puts root last again. */
static bool make_room_for_boot(const struct partition_table *table, struct guest_request *request,
                               uint64_t *size_bytes, struct error *err)
{
    struct plan_new_boot boot;

    if (request->boot_partition != 0)
        return true;
    if (!plan_new_boot(table, &boot, err))
        return false;
    request->new_boot_offset_bytes = boot.offset_bytes;
    request->new_boot_length_bytes = boot.length_bytes;
    *size_bytes = boot.disk_size_bytes;
    return true;
}

/* What no other program can open is copied for it, and then read there as well. */
static bool prepare_in_appliance(struct prepared *prepared, struct input *input,
                                 const struct partition_table *table,
                                 const struct coldseal_guest_options *options,
                                 struct coldseal_progress progress, struct error *err)
{
    struct guest_request request = make_request(prepared, table, options, progress);
    uint64_t size_bytes = disk_size(prepared->base);

    if (!make_room_for_boot(table, &request, &size_bytes, err))
        return false;
    const char *path = input_file(input, prepared->base, err);
    return path != NULL && open_base(prepared, path, err) &&
           run_appliance(prepared, path, &request, size_bytes, err) &&
           reopen(prepared, request.root_partition, err);
}

static bool prepare(struct prepared *prepared, struct input *input,
                    const struct coldseal_guest_options *options, struct coldseal_progress progress,
                    struct error *err)
{
    OWNED_PTR(struct plan) plan = calloc(1, sizeof(*plan));
    const struct plan_request fits = {.header_bytes = LUKS_HEADER_BYTES};
    struct error why = {0};
    bool is_final = false;

    if (plan == NULL)
        return error_no_memory(err);
    OWNED(partition_table) table =
        partition_table_read(prepared->base, options->root_partition, err);
    if (table == NULL || !plan_make(table, &fits, plan, err))
        return false;
    uint32_t root_number = partition_by_role(table, ROLE_ROOT)->entry.number;
    if (options->appliance == COLDSEAL_APPLIANCE_YES)
        return prepare_in_appliance(prepared, input, table, options, progress, err);
    if (run_native(prepared, table, options, progress, &is_final, &why))
        return look_at(prepared, TAKE(prepared->native), root_number, err);
    if (is_final || options->appliance == COLDSEAL_APPLIANCE_NO)
        return *err = why, false;
    drop_native(prepared);
    if (!prepare_in_appliance(prepared, input, table, options, progress, err))
        return false;
    snprintf(prepared->guest->appliance_because, sizeof(prepared->guest->appliance_because),
             "%.255s", why.message);
    return true;
}

struct prepared *prepared_new(struct input *input, const struct coldseal_guest_options *options,
                              struct coldseal_progress progress, struct error *err)
{
    OWNED(prepared) prepared = calloc(1, sizeof(*prepared));

    if (prepared == NULL) {
        error_no_memory(err);
        return NULL;
    }
    prepared->overlay_fd = -1;
    prepared->workspace = workspace_new(err);
    if (prepared->workspace == NULL)
        return NULL;
    if (!open_base(prepared, input_path(input), err) ||
        !prepare(prepared, input, options, progress, err))
        return NULL;
    return TAKE(prepared);
}
