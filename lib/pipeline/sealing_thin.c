/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/sealing_thin.h"

#include <string.h>

#include "core/checked.h"
#include "image/qcow2_backing.h"
#include "image/qcow2_layout.h"

bool sealed_view_read(const struct sealed_view *view, uint8_t *data, size_t size, uint64_t offset,
                      struct error *err)
{
    uint64_t from = max_u64(offset, view->header_offset);
    uint64_t to = min_u64(offset + size, view->header_offset + view->header->size);
    uint64_t length = from < to ? to - from : 0;

    if (length < size && !disk_pread(view->disk, data, size, offset, err))
        return false;
    if (length > 0)
        memcpy(data + (from - offset), view->header->data + (from - view->header_offset), length);
    return true;
}

bool sealed_view_each_block(const struct sealed_view *view, uint64_t unit, sealed_block *visit,
                            void *context, struct error *err)
{
    uint64_t end, start = round_down(view->header_offset, unit);
    uint8_t data[SEALED_BLOCK_BYTES];
    size_t size;

    if (!checked_round_up(view->header_offset + view->header->size, unit, &end))
        return error_set(err, COLDSEAL_BUG, "a header beyond every disk");
    end = min_u64(end, disk_size(view->disk));
    for (uint64_t offset = start; offset < end; offset += size) {
        size = min_u64(end - offset, SEALED_BLOCK_BYTES);
        if (!sealed_view_read(view, data, size, offset, err) ||
            !visit(context, offset, data, size, err))
            return false;
    }
    return true;
}

bool sealed_block_is_zero(const uint8_t *data, size_t size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

/* What is not written reads as zeros. */
static bool write_block(void *context, uint64_t offset, const uint8_t *data, size_t size,
                        struct error *err)
{
    return sealed_block_is_zero(data, size) || disk_pwrite(context, data, size, offset, err);
}

static struct image_output *open_overlay(const struct sealing *work, struct error *err)
{
    const struct coldseal_seal_options *options = work->options;
    struct disk *disk = work->source->disk;
    OWNED_PTR(char) name = qcow2_backing_name(options->image, options->out, err);
    OWNED(ranges) header = name == NULL ? NULL : ranges_new(err);
    const struct image_backing backing = {name, disk_format(disk)};
    const struct image_output_request request = {
        .path = options->out,
        .format = IMAGE_QCOW2,
        .size_bytes = disk_size(disk),
        .allocated = header,
        .backing = &backing,
        .replace = options->output.force,
        .unsynced = options->output.no_sync,
    };

    return header != NULL && ranges_append(header, work->root.offset_bytes, LUKS2_HEADER_BYTES, err)
               ? image_output_open(&request, err)
               : NULL;
}

struct image_output *sealing_overlay(const struct sealing *work, struct error *err)
{
    if (work->options->backing != NULL) {
        error_set(err, COLDSEAL_UNSUPPORTED,
                  "an overlay over an image with a backing file: chains are not read");
        return NULL;
    }
    OWNED(bytes) header = luks2_header_serialise(work->header, err);
    OWNED(image_output) out = header == NULL ? NULL : open_overlay(work, err);
    if (out == NULL)
        return NULL;
    const struct sealed_view view = {work->source->disk, work->root.offset_bytes, header};
    return sealed_view_each_block(&view, QCOW2_OUT_CLUSTER_BYTES, write_block,
                                  image_output_disk(out), err)
               ? TAKE(out)
               : NULL;
}
