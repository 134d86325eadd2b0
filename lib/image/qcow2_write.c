/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_write.h"

#include <inttypes.h>
#include <string.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "core/writer.h"
#include "image/file_io.h"
#include "image/qcow2_backing.h"
#include "image/qcow2_entry.h"

#define HEADER_BYTES 112 /* version 3 with compression_type and its padding */
#define REFCOUNT_ORDER 4

static size_t round_up_to_8(size_t size)
{
    return (size + 7) / 8 * 8;
}

/* The backing file's name comes behind header and extensions. */
static uint64_t backing_name_offset(const struct image_backing *backing)
{
    return HEADER_BYTES + 8 + round_up_to_8(strlen(backing->format)) + 8;
}

static void write_fields(struct writer *w, const struct qcow2_layout *layout,
                         const struct image_backing *backing)
{
    write_u32be(w, QCOW2_MAGIC);
    write_u32be(w, 3);
    write_u64be(w, backing == NULL ? 0 : backing_name_offset(backing));
    write_u32be(w, backing == NULL ? 0 : (uint32_t)strlen(backing->name));
    write_u32be(w, QCOW2_OUT_CLUSTER_BITS);
    write_u64be(w, layout->size_bytes);
    write_u32be(w, 0); /* crypt_method */
    write_u32be(w, (uint32_t)layout->l1_entries);
    write_u64be(w, layout->l1_offset);
    write_u64be(w, QCOW2_OUT_CLUSTER_BYTES); /* refcount table */
    write_u32be(w, (uint32_t)layout->refcount_table_clusters);
    write_zeros(w, 4 + 8);     /* snapshots */
    write_zeros(w, 8 + 8 + 8); /* incompatible, compatible, autoclear features */
    write_u32be(w, REFCOUNT_ORDER);
    write_u32be(w, HEADER_BYTES);
    write_zeros(w, 8); /* compression_type zlib, padding */
}

static void write_backing(struct writer *w, const struct image_backing *backing)
{
    size_t format_bytes = strlen(backing->format);

    write_u32be(w, QCOW2_EXTENSION_BACKING_FORMAT);
    write_u32be(w, (uint32_t)format_bytes);
    write_bytes(w, backing->format, format_bytes);
    write_zeros(w, round_up_to_8(format_bytes) - format_bytes);
    write_u64be(w, QCOW2_EXTENSION_END);
    write_bytes(w, backing->name, strlen(backing->name));
}

static bool write_header(int fd, const struct qcow2_layout *layout,
                         const struct image_backing *backing, struct error *err)
{
    uint8_t header[HEADER_BYTES + 8 + QCOW2_BACKING_FORMAT_MAX_BYTES + 8 +
                   QCOW2_BACKING_NAME_MAX_BYTES] = {0};
    struct writer w = writer_over(header, sizeof(header));

    write_fields(&w, layout, backing);
    if (backing != NULL)
        write_backing(&w, backing);
    if (w.failed)
        return error_set(err, COLDSEAL_BUG, "qcow2 header has no room");
    return file_write_at(fd, header, sizeof(header), 0, err);
}

static bool write_refcount_table(int fd, const struct qcow2_layout *layout, struct error *err)
{
    OWNED(bytes) table = bytes_new(layout->refcount_table_clusters * QCOW2_OUT_CLUSTER_BYTES, err);

    if (table == NULL)
        return false;
    struct writer w = writer_over(table->data, table->size);
    for (uint64_t i = 0; i < layout->refcount_blocks; i++)
        write_u64be(&w, layout->refcount_block_offset + i * QCOW2_OUT_CLUSTER_BYTES);
    return file_write_at(fd, table->data, table->size, QCOW2_OUT_CLUSTER_BYTES, err);
}

/* Every cluster of the file is used once. */
static bool write_refcount_blocks(int fd, const struct qcow2_layout *layout, struct error *err)
{
    uint64_t left = layout->file_bytes / QCOW2_OUT_CLUSTER_BYTES;
    OWNED(bytes) block = bytes_new(QCOW2_OUT_CLUSTER_BYTES, err);

    if (block == NULL)
        return false;
    for (uint64_t i = 0; i < layout->refcount_blocks; i++) {
        uint64_t used = min_u64(left, QCOW2_OUT_BLOCK_ENTRIES);
        struct writer w = writer_over(block->data, block->size);
        for (uint64_t j = 0; j < used; j++)
            write_u16be(&w, 1);
        write_zeros(&w, (QCOW2_OUT_BLOCK_ENTRIES - used) * 2);
        if (!file_write_at(fd, block->data, block->size,
                           layout->refcount_block_offset + i * QCOW2_OUT_CLUSTER_BYTES, err))
            return false;
        left -= used;
    }
    return true;
}

/* One L2 table; `*written` says whether the disk has data there. */
static bool write_l2_table(int fd, const struct qcow2_layout *layout, uint64_t l1_index,
                           uint64_t offset, struct bytes *buffer, bool *written, struct error *err)
{
    const uint64_t span = QCOW2_OUT_L2_ENTRIES * QCOW2_OUT_CLUSTER_BYTES;
    struct writer w = writer_over(buffer->data, buffer->size);
    uint64_t host_offset = 0;
    bool allocated;

    *written = false;
    for (uint64_t done = 0; done < span;) {
        uint64_t run = qcow2_layout_find(layout, l1_index * span + done, span - done, &allocated,
                                         &host_offset);
        if (!allocated)
            write_zeros(&w, run / QCOW2_OUT_CLUSTER_BYTES * QCOW2_ENTRY_BYTES);
        for (uint64_t at = 0; allocated && at < run; at += QCOW2_OUT_CLUSTER_BYTES)
            write_u64be(&w, QCOW2_ENTRY_COPIED | (host_offset + at));
        *written = *written || allocated;
        done += run;
    }
    return !*written || file_write_at(fd, buffer->data, buffer->size, offset, err);
}

static bool write_maps(int fd, const struct qcow2_layout *layout, struct error *err)
{
    OWNED(bytes) l1 = bytes_new(layout->l1_entries * QCOW2_ENTRY_BYTES, err);
    OWNED(bytes) buffer = bytes_new(QCOW2_OUT_CLUSTER_BYTES, err);
    uint64_t l2_offset = layout->l2_offset;

    if (l1 == NULL || buffer == NULL)
        return false;
    struct writer w = writer_over(l1->data, l1->size);
    for (uint64_t i = 0; i < layout->l1_entries; i++) {
        bool written;
        if (!write_l2_table(fd, layout, i, l2_offset, buffer, &written, err))
            return false;
        write_u64be(&w, written ? QCOW2_ENTRY_COPIED | l2_offset : 0);
        l2_offset += written ? QCOW2_OUT_CLUSTER_BYTES : 0;
    }
    return file_write_at(fd, l1->data, l1->size, layout->l1_offset, err);
}

/* A relative name must not read as a protocol ("nbd:…") to QEMU. */
static bool check_backing(const struct image_backing *backing, struct error *err)
{
    size_t plain = strcspn(backing->name, ":/");

    if (backing->name[plain] == ':')
        return error_set(err, COLDSEAL_BUG, "backing file %s has the form of a protocol",
                         backing->name);
    if (strlen(backing->name) > QCOW2_BACKING_NAME_MAX_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "the path of the image is too long");
    if (strcmp(backing->format, "raw") != 0 && strcmp(backing->format, "qcow2") != 0)
        return error_set(err, COLDSEAL_BUG, "backing format %s", backing->format);
    return true;
}

bool qcow2_write_metadata(int fd, const struct qcow2_layout *layout,
                          const struct image_backing *backing, struct error *err)
{
    if (backing != NULL && !check_backing(backing, err))
        return false;
    if (ftruncate(fd, (off_t)layout->file_bytes) != 0)
        return error_errno(err, COLDSEAL_IO, "set the length of the image");
    return write_header(fd, layout, backing, err) && write_refcount_table(fd, layout, err) &&
           write_refcount_blocks(fd, layout, err) && write_maps(fd, layout, err);
}

bool qcow2_write_overlay(int fd, uint64_t size_bytes, const struct image_backing *backing,
                         struct error *err)
{
    OWNED(ranges) nothing = ranges_new(err);
    OWNED(qcow2_layout) layout =
        nothing == NULL ? NULL : qcow2_layout_new(size_bytes, nothing, err);

    return layout != NULL && qcow2_write_metadata(fd, layout, backing, err);
}
