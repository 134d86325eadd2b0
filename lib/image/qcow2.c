/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2.h"

#include "core/checked.h"
#include "image/file_io.h"
#include "image/open.h"

static void qcow2_free(void *self)
{
    struct qcow2 *qcow2 = self;

    qcow2_map_free(qcow2->map);
    inflater_pool_free(qcow2->inflaters);
    qcow2_refcounts_free(qcow2->refcounts);
    free(qcow2);
}

static bool qcow2_flush(void *self, struct error *err)
{
    const struct qcow2 *qcow2 = self;

    return file_sync(qcow2->fd, err);
}

/* A backing file is not among them: an image with one is not opened but over a disk of ours. */
static const char *qcow2_remainder(const void *self)
{
    const struct qcow2_header *header = &((const struct qcow2 *)self)->header;

    if (header->snapshot_count != 0)
        return "internal snapshots: earlier states of the disk are in the file";
    if ((header->incompatible & QCOW2_INCOMPATIBLE_DIRTY) != 0)
        return "not closed cleanly: clusters of earlier states may be left";
    return header->autoclear != 0 ? "persistent bitmaps, or another extension" : NULL;
}

static const struct disk_operations qcow2_reading = {
    .format = "qcow2",
    .pread = qcow2_pread,
    .extent = qcow2_extent,
    .remainder = qcow2_remainder,
    .free = qcow2_free,
};

static const struct disk_operations qcow2_writing = {
    .format = "qcow2",
    .pread = qcow2_pread,
    .pwrite = qcow2_pwrite_in_place,
    .check_writable = qcow2_check_in_place,
    .flush = qcow2_flush,
    .extent = qcow2_extent,
    .free = qcow2_free,
};

static bool read_header(struct qcow2 *qcow2, struct error *err)
{
    uint8_t data[QCOW2_HEADER_READ_BYTES];

    if (!file_size(qcow2->fd, &qcow2->file_bytes, err))
        return false;
    size_t size = min_u64(qcow2->file_bytes, sizeof(data));
    return file_read_at(qcow2->fd, data, size, 0, err) &&
           qcow2_header_parse(data, size, qcow2->file_bytes, &qcow2->header, err);
}

static bool set_backing(struct qcow2 *qcow2, struct disk *backing, struct error *err)
{
    if (qcow2->header.backing_file_offset == 0)
        return true;
    if (backing == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "qcow2 has a backing file, which --backing names where a command has it; "
                         "qemu-img convert makes one image of both");
    qcow2->backing = backing;
    return true;
}

static bool check_writable(const struct qcow2_header *header, struct error *err)
{
    if (header->snapshot_count != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "qcow2 with internal snapshots cannot be written in place");
    if ((header->incompatible & QCOW2_INCOMPATIBLE_DIRTY) != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "qcow2 was not closed cleanly; qemu-img check -r all repairs it");
    /* The format lets no program that does not keep these features right write to the image. */
    if (header->autoclear != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "qcow2 with persistent bitmaps cannot be written in place");
    return true;
}

static bool prepare_writing(struct qcow2 *qcow2, struct error *err)
{
    if (!check_writable(&qcow2->header, err))
        return false;
    qcow2->refcounts = qcow2_refcounts_open(qcow2->fd, &qcow2->header, qcow2->file_bytes, err);
    return qcow2->refcounts != NULL;
}

static bool qcow2_load(struct qcow2 *qcow2, bool writable, struct disk *backing, struct error *err)
{
    if (!read_header(qcow2, err) || !set_backing(qcow2, backing, err))
        return false;
    qcow2->map = qcow2_map_open(qcow2->fd, &qcow2->header, qcow2->file_bytes, err);
    qcow2->inflaters = inflater_pool_new(qcow2->header.compression_type, err);
    return qcow2->map != NULL && qcow2->inflaters != NULL &&
           (!writable || prepare_writing(qcow2, err));
}

struct disk *qcow2_open(int fd, bool writable, struct disk *backing, struct error *err)
{
    struct qcow2 *qcow2 = calloc(1, sizeof(*qcow2));

    if (qcow2 == NULL) {
        error_no_memory(err);
        return NULL;
    }
    qcow2->fd = fd;
    if (!qcow2_load(qcow2, writable, backing, err)) {
        qcow2_free(qcow2);
        return NULL;
    }
    return disk_new(writable ? &qcow2_writing : &qcow2_reading, qcow2, qcow2->header.size_bytes,
                    err);
}
