/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks that a new header changes, as a JSON document. */
#include "pipeline/sealing_delta.h"

#include <string.h>

#include "core/base64.h"
#include "core/digest.h"
#include "image/ranges.h"
#include "pipeline/describe.h"
#include "pipeline/sealing_thin.h"

/* Blocks that become zero are told of, not written out. */
struct changes {
    struct disk *disk;
    struct ranges *data;
    struct ranges *zero;
};

static bool note_block(void *context, uint64_t offset, const uint8_t *data, size_t size,
                       struct error *err)
{
    const struct changes *changes = context;
    uint8_t before[SEALED_BLOCK_BYTES];

    if (!disk_pread(changes->disk, before, size, offset, err))
        return false;
    if (memcmp(before, data, size) == 0)
        return true;
    return ranges_append(sealed_block_is_zero(data, size) ? changes->zero : changes->data, offset,
                         size, err);
}

static bool add_digest(json_object *json, const char *key, const struct bytes *data,
                       struct error *err)
{
    uint8_t digest[32];

    return digest_bytes(DIGEST_SHA256, data->data, data->size, digest, err) &&
           json_add(json, key, describe_hex(digest, sizeof(digest)), err);
}

static bool add_content(json_object *json, const struct bytes *data, bool zero, struct error *err)
{
    if (zero)
        return json_add(json, "zero", json_object_new_boolean(true), err);
    OWNED_PTR(char) text = base64_encode(data->data, data->size, err);
    return text != NULL && json_add(json, "data", json_object_new_string(text), err);
}

static json_object *describe_range(const struct sealed_view *view, const struct range *range,
                                   bool zero, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    OWNED(bytes) before = bytes_new(range->length_bytes, err);
    OWNED(bytes) after = bytes_new(range->length_bytes, err);

    if (json == NULL || before == NULL || after == NULL ||
        !disk_pread(view->disk, before->data, before->size, range->offset_bytes, err) ||
        !sealed_view_read(view, after->data, after->size, range->offset_bytes, err) ||
        !json_add(json, "offset_bytes", json_object_new_uint64(range->offset_bytes), err) ||
        !json_add(json, "length_bytes", json_object_new_uint64(range->length_bytes), err) ||
        !add_digest(json, "before_sha256", before, err) ||
        !add_digest(json, "sha256", after, err) || !add_content(json, after, zero, err))
        return NULL;
    return TAKE(json);
}

/* In the order of the disk. */
static json_object *describe_ranges(const struct sealed_view *view, const struct changes *changes,
                                    struct error *err)
{
    OWNED_JSON array = json_new_array(err);
    const struct ranges *data = changes->data, *zero = changes->zero;

    for (size_t i = 0, j = 0; array != NULL && (i < data->count || j < zero->count);) {
        bool is_zero = i == data->count || (j < zero->count && zero->items[j].offset_bytes <
                                                                   data->items[i].offset_bytes);
        const struct range *range = is_zero ? &zero->items[j++] : &data->items[i++];
        json_object *item = describe_range(view, range, is_zero, err);
        if (item == NULL || !json_append(array, item, err))
            return NULL;
    }
    return TAKE(array);
}

static json_object *document(const struct sealing *work, json_object *ranges, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    OWNED_JSON owned = ranges;
    uint64_t size = disk_size(work->source->disk);

    if (json == NULL || owned == NULL ||
        !json_add(json, "type", json_object_new_string(SEALING_DELTA_TYPE), err) ||
        !json_add(json, "format", json_object_new_int(SEALING_DELTA_FORMAT), err) ||
        !json_add(json, "disk_size_bytes", json_object_new_uint64(size), err) ||
        !json_add(json, "block_bytes", json_object_new_uint64(SEALED_BLOCK_BYTES), err))
        return NULL;
    json_object *header = describe_header(work->header, err);
    return header != NULL && json_add(json, "luks2", header, err) &&
                   json_add(json, "ranges", TAKE(owned), err)
               ? TAKE(json)
               : NULL;
}

json_object *sealing_delta(const struct sealing *work, struct error *err)
{
    OWNED(bytes) header = luks2_header_serialise(work->header, err);
    OWNED(ranges) data = ranges_new(err);
    OWNED(ranges) zero = ranges_new(err);

    if (header == NULL || data == NULL || zero == NULL)
        return NULL;
    const struct sealed_view view = {work->source->disk, work->root.offset_bytes, header};
    struct changes changes = {work->source->disk, data, zero};
    return sealed_view_each_block(&view, SEALED_BLOCK_BYTES, note_block, &changes, err)
               ? document(work, describe_ranges(&view, &changes, err), err)
               : NULL;
}
