/* SPDX-License-Identifier: Apache-2.0 */
#include "image/output.h"

#include <inttypes.h>
#include <string.h>

#include "core/outfile.h"
#include "image/open.h"
#include "image/qcow2_planned.h"
#include "image/qcow2_write.h"

#define SECTOR_BYTES 512
#define OUTPUT_MODE 0644

struct image_output {
    bool unsynced;
    struct outfile *file;
    struct sink *sink;
    struct disk *disk;
};

void image_output_free(struct image_output *out)
{
    if (out == NULL)
        return;
    disk_free(out->disk);
    sink_free(out->sink);
    outfile_free(out->file);
    free(out);
}

static struct disk *create_raw(struct sink *sink, uint64_t size_bytes,
                               const struct ranges *allocated, struct error *err)
{
    if (ftruncate(sink_fd(sink), (off_t)size_bytes) != 0) {
        error_errno(err, COLDSEAL_IO, "set the length of the image");
        return NULL;
    }
    return sink_reserve(sink, allocated, err) ? raw_output_new(sink, err) : NULL;
}

static bool reserve_clusters(struct sink *sink, const struct qcow2_layout *layout,
                             struct error *err)
{
    OWNED(ranges) data = ranges_new(err);

    return data != NULL &&
           ranges_append(data, layout->data_offset, layout->file_bytes - layout->data_offset,
                         err) &&
           sink_reserve(sink, data, err);
}

static struct disk *create_qcow2(struct sink *sink, const struct image_output_request *request,
                                 struct error *err)
{
    OWNED(qcow2_layout) layout = qcow2_layout_new(request->size_bytes, request->allocated, err);

    if (layout == NULL || !qcow2_write_metadata(sink_fd(sink), layout, request->backing, err) ||
        (request->backing == NULL && !reserve_clusters(sink, layout, err)))
        return NULL;
    return qcow2_planned_new(sink, TAKE(layout), err);
}

static struct disk *create_disk(struct sink *sink, const struct image_output_request *request,
                                struct error *err)
{
    if (request->size_bytes % SECTOR_BYTES != 0) {
        error_set(err, COLDSEAL_BUG, "size of %" PRIu64 " bytes does not end at a sector",
                  request->size_bytes);
        return NULL;
    }
    if (request->format == IMAGE_RAW)
        return create_raw(sink, request->size_bytes, request->allocated, err);
    return create_qcow2(sink, request, err);
}

struct image_output *image_output_open(const struct image_output_request *request,
                                       struct error *err)
{
    OWNED(image_output) out = calloc(1, sizeof(*out));

    if (out == NULL) {
        error_no_memory(err);
        return NULL;
    }
    bool is_stdout = image_output_is_stdout(request->path);
    out->file = is_stdout ? outfile_open_stdout(err)
                          : outfile_open(request->path, OUTPUT_MODE, request->replace, err);
    if (out->file == NULL)
        return NULL;
    out->unsynced = request->unsynced || is_stdout;
    out->sink = sink_new(outfile_fd(out->file), out->unsynced ? SINK_TO_CACHE : SINK_TO_DISK, err);
    if (out->sink == NULL)
        return NULL;
    out->disk = create_disk(out->sink, request, err);
    if (out->disk == NULL)
        return NULL;
    if (out->unsynced)
        disk_leave_unsynced(out->disk);
    return TAKE(out);
}

struct disk *image_output_disk(struct image_output *out)
{
    return out->disk;
}

bool image_output_commit(struct image_output *out, struct error *err)
{
    return outfile_commit(out->file, out->unsynced ? OUTFILE_UNSYNCED : OUTFILE_SYNCED, err);
}

bool image_output_is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool image_output_check(const char *path, bool replace, struct error *err)
{
    return image_output_is_stdout(path) ? outfile_check_stdout(err)
                                        : outfile_check(path, replace, err);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool image_format_choose(const char *name, const char *path, enum image_format *format,
                         struct error *err)
{
    if (name == NULL)
        name = ends_with(path, ".qcow2") ? "qcow2" : "raw";
    if (strcmp(name, "raw") != 0 && strcmp(name, "qcow2") != 0)
        return error_set(err, COLDSEAL_USAGE, "unknown image format %s: raw or qcow2", name);
    *format = strcmp(name, "qcow2") == 0 ? IMAGE_QCOW2 : IMAGE_RAW;
    return true;
}
