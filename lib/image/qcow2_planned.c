/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_planned.h"

#include <inttypes.h>
#include <string.h>

#include "image/file_io.h"

struct planned {
    struct sink *sink;
    struct qcow2_layout *layout;
};

static bool planned_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    const struct planned *planned = self;
    uint8_t *out = buffer;

    while (size > 0) {
        uint64_t host_offset;
        bool allocated;
        size_t run = qcow2_layout_find(planned->layout, offset, size, &allocated, &host_offset);
        if (!allocated)
            memset(out, 0, run);
        else if (!file_read_at(sink_fd(planned->sink), out, run, host_offset, err))
            return false;
        out += run;
        offset += run;
        size -= run;
    }
    return true;
}

static bool planned_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                           struct error *err)
{
    const struct planned *planned = self;
    const uint8_t *data = buffer;

    while (size > 0) {
        uint64_t host_offset;
        bool allocated;
        size_t run = qcow2_layout_find(planned->layout, offset, size, &allocated, &host_offset);
        if (!allocated)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "the new qcow2 has no cluster for byte %" PRIu64, offset);
        if (!sink_write(planned->sink, data, run, host_offset, err))
            return false;
        data += run;
        offset += run;
        size -= run;
    }
    return true;
}

static bool planned_flush(void *self, struct error *err)
{
    const struct planned *planned = self;

    return file_sync(sink_fd(planned->sink), err);
}

static bool planned_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct planned *planned = self;
    uint64_t host_offset;
    bool allocated;
    uint64_t length = qcow2_layout_find(
        planned->layout, offset, planned->layout->size_bytes - offset, &allocated, &host_offset);

    (void)err;
    *extent = (struct extent){offset, length, allocated ? EXTENT_DATA : EXTENT_ZERO};
    return true;
}

static void planned_free(void *self)
{
    struct planned *planned = self;

    qcow2_layout_free(planned->layout);
    free(planned);
}

static const struct disk_operations planned_operations = {
    .format = "qcow2",
    .pread = planned_pread,
    .pwrite = planned_pwrite,
    .flush = planned_flush,
    .extent = planned_extent,
    .free = planned_free,
};

struct disk *qcow2_planned_new(struct sink *sink, struct qcow2_layout *layout, struct error *err)
{
    struct planned *planned = calloc(1, sizeof(*planned));

    if (planned == NULL) {
        qcow2_layout_free(layout);
        error_no_memory(err);
        return NULL;
    }
    *planned = (struct planned){sink, layout};
    return disk_new(&planned_operations, planned, layout->size_bytes, err);
}
