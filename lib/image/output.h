/* SPDX-License-Identifier: Apache-2.0 */
/* A new image: complete under its name after image_output_commit(), otherwise absent. */
#ifndef IMAGE_OUTPUT_H
#define IMAGE_OUTPUT_H

#include "image/disk.h"
#include "image/ranges.h"

enum image_format { IMAGE_RAW, IMAGE_QCOW2 };

struct image_output_request {
    const char *path;
    enum image_format format;
    uint64_t size_bytes; /* of the guest's disk; a multiple of 512 */
    /* What will be written; the rest reads as zeros and takes no room. qcow2 places all clusters
     * from this list up front, so that writes go anywhere in any order from any thread. */
    const struct ranges *allocated;
    bool replace;
    bool unsynced; /* leave it to the kernel when the file gets to the disk */
};

struct image_output;
struct image_output *image_output_open(const struct image_output_request *request,
                                       struct error *err);
/* Reads and writes what is allocated; borrowed. */
struct disk *image_output_disk(struct image_output *out);
bool image_output_commit(struct image_output *out, struct error *err);
void image_output_free(struct image_output *out);
DEFINE_OWNED(image_output);

/* "raw" and "qcow2", or from the suffix of `path` when `name` is NULL (.qcow2, .qcow2.img is raw as
 * any other). COLDSEAL_USAGE for another name. */
bool image_format_choose(const char *name, const char *path, enum image_format *format,
                         struct error *err);

/* A qcow2 file of `size_bytes` over the raw or qcow2 file at `backing_path`, for an appliance to
 * write into: no data, no temporary name. The path must be absolute, since a relative one may read
 * as a protocol to QEMU (COLDSEAL_BUG). The descriptor is empty and writable. */
bool qcow2_write_overlay(int fd, uint64_t size_bytes, const char *backing_path,
                         const char *backing_format, struct error *err);

#endif
