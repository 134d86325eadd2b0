/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/write_image.h"

#include <string.h>

#include "boot/ext4.h"
#include "core/checked.h"

struct write_work {
    const struct write_request *request;
    struct copy_region regions[GPT_MAX_ENTRIES];
    struct ranges *root_used; /* NULL: all of root */
};

static void write_work_drop(struct write_work *work)
{
    ranges_free(work->root_used);
}

bool write_image_check(const char *in, const char *out,
                       const struct coldseal_output_options *options, struct error *err)
{
    enum image_format format;

    return image_format_choose(options->format, out, &format, err) && source_is_not(in, out, err) &&
           image_output_check(out, options->force, err);
}

/* The cipher works on whole sectors: every range grows to their bounds. */
static struct ranges *round_to_sectors(const struct ranges *ranges, uint64_t length_bytes,
                                       struct error *err)
{
    OWNED(ranges) rounded = ranges_new(err);
    uint64_t end = 0;

    if (rounded == NULL)
        return NULL;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];
        uint64_t first = max_u64(round_down(range->offset_bytes, LUKS_SECTOR_BYTES), end);
        uint64_t stop = range->offset_bytes + range->length_bytes;
        stop = min_u64(round_down(stop + LUKS_SECTOR_BYTES - 1, LUKS_SECTOR_BYTES), length_bytes);
        if (stop <= first)
            continue;
        if (!ranges_append(rounded, first, stop - first, err))
            return NULL;
        end = stop;
    }
    return TAKE(rounded);
}

static bool is_ext(const struct partition *root)
{
    return strcmp(root->volume.type, "ext2") == 0 || strcmp(root->volume.type, "ext3") == 0 ||
           strcmp(root->volume.type, "ext4") == 0;
}

/* Only blocks that the file system itself calls free may stay holes in ciphertext. */
static bool find_root_used(struct write_work *work, const struct planned_partition *planned,
                           uint64_t padded_length_bytes, struct error *err)
{
    const struct write_request *request = work->request;
    const struct partition *root = partition_by_role(request->source->table, ROLE_ROOT);
    bool reliable = false;

    if (request->root_mode != COPY_ENCRYPT || request->holes_none || root == NULL || !is_ext(root))
        return true;
    OWNED(ext4) ext4 = ext4_open(request->source->disk, planned->source_offset_bytes,
                                 planned->source_length_bytes, err);
    if (ext4 == NULL && err->code == COLDSEAL_UNSUPPORTED)
        return true; /* a file system that cannot be read is encrypted whole */
    if (ext4 == NULL)
        return error_wrap(err, "file system of root");
    OWNED(ranges) used = ext4_used_ranges(ext4, &reliable, err);
    if (used == NULL)
        return error_wrap(err, "file system of root");
    if (reliable)
        work->root_used = round_to_sectors(used, padded_length_bytes, err);
    return !reliable || work->root_used != NULL;
}

static bool make_region(struct write_work *work, uint32_t index, struct error *err)
{
    const struct plan *plan = work->request->plan;
    const struct planned_partition *planned = &plan->partitions[index];
    uint64_t entry_offset = gpt_entry_offset(&plan->gpt, &planned->entry);
    uint64_t header_bytes = planned->target_offset_bytes - entry_offset;
    struct copy_region *region = &work->regions[index];

    *region = (struct copy_region){
        .source_offset_bytes = planned->source_offset_bytes,
        .target_offset_bytes = planned->target_offset_bytes,
        .length_bytes = planned->source_length_bytes,
        .padded_length_bytes = planned->source_length_bytes,
        .mode = COPY_PLAIN,
    };
    if (index != plan->root)
        return true;
    region->padded_length_bytes = gpt_entry_length(&plan->gpt, &planned->entry) - header_bytes;
    region->mode = work->request->root_mode;
    if (!find_root_used(work, planned, region->padded_length_bytes, err))
        return false;
    region->used = work->root_used;
    return true;
}

static bool append_partition(const struct write_work *work, uint32_t index,
                             struct ranges *allocated, struct error *err)
{
    const struct plan *plan = work->request->plan;
    uint64_t start = gpt_entry_offset(&plan->gpt, &plan->partitions[index].entry);

    if (index == plan->root && work->request->header != NULL &&
        !ranges_append(allocated, start, LUKS_HEADER_BYTES, err))
        return false;
    return copy_append_ranges(allocated, work->request->source->disk, &work->regions[index], err);
}

static struct ranges *find_allocated(const struct write_work *work, struct error *err)
{
    const struct plan *plan = work->request->plan;
    struct gpt_areas areas = gpt_written_areas(&plan->gpt);
    OWNED(ranges) allocated = ranges_new(err);

    if (allocated == NULL || !ranges_append(allocated, 0, areas.primary_length_bytes, err))
        return NULL;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (!append_partition(work, i, allocated, err))
            return NULL;
    }
    if (!ranges_append(allocated, areas.backup_offset_bytes,
                       plan->disk_size_bytes - areas.backup_offset_bytes, err))
        return NULL;
    return TAKE(allocated);
}

static struct image_output *open_output(const struct write_work *work, struct error *err)
{
    const struct write_request *request = work->request;
    struct image_output_request output = {
        .path = request->path,
        .size_bytes = request->plan->disk_size_bytes,
        .replace = request->options->force,
        .unsynced = request->options->no_sync,
    };
    OWNED(ranges) allocated = find_allocated(work, err);

    if (allocated == NULL ||
        !image_format_choose(request->options->format, request->path, &output.format, err))
        return NULL;
    output.allocated = allocated;
    return image_output_open(&output, err);
}

static bool copy_partitions(const struct write_work *work, struct disk *target,
                            struct copy_result *result, struct error *err)
{
    const struct write_request *request = work->request;
    const struct copy_job job = {
        .source = request->source->disk,
        .target = target,
        .regions = work->regions,
        .region_count = request->plan->count,
        .source_key = request->source_key,
        .target_key = request->target_key,
        .sector_bytes = LUKS_SECTOR_BYTES,
        .threads = request->options->threads,
        .progress = request->progress,
    };

    return copy_run(&job, result, err);
}

static bool write_field(const struct write_request *request, struct disk *target, struct error *err)
{
    const struct plan *plan = request->plan;
    const struct gpt_entry *esp = &plan->partitions[plan->esp].entry;

    if (request->field_uuid == NULL || !request->side->prepared)
        return true;
    return cleartext_side_write_field(target, gpt_entry_offset(&plan->gpt, esp),
                                      gpt_entry_length(&plan->gpt, esp), request->side,
                                      request->field_uuid, request->field_pin, err);
}

static bool write_header(const struct write_request *request, struct disk *target,
                         struct error *err)
{
    const struct plan *plan = request->plan;
    uint64_t offset = gpt_entry_offset(&plan->gpt, &plan->partitions[plan->root].entry);

    return request->header == NULL || luks2_store(target, offset, request->header, err);
}

struct image_output *write_image(const struct write_request *request, struct write_result *result,
                                 struct error *err)
{
    __attribute__((cleanup(write_work_drop))) struct write_work work = {.request = request};

    for (uint32_t i = 0; i < request->plan->count; i++) {
        if (!make_region(&work, i, err))
            return NULL;
    }
    result->free_blocks_left_out = work.root_used != NULL;
    OWNED(image_output) out = open_output(&work, err);
    if (out == NULL)
        return NULL;
    struct disk *target = image_output_disk(out);
    if (!gpt_write(target, &request->plan->gpt, request->plan->mbr_code, err) ||
        !copy_partitions(&work, target, &result->copied, err) ||
        !write_header(request, target, err) || !write_field(request, target, err))
        return NULL;
    return TAKE(out);
}
