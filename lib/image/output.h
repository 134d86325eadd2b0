/* SPDX-License-Identifier: Apache-2.0 */
/* A new image: complete under its name after image_output_commit(), otherwise absent. */
#ifndef IMAGE_OUTPUT_H
#define IMAGE_OUTPUT_H

#include "image/disk.h"
#include "image/ranges.h"

enum image_format { IMAGE_RAW, IMAGE_QCOW2 };

/* What a qcow2 reads where it has nothing itself: as the header has it, "raw" or "qcow2". A name
 * that reads as a protocol to QEMU ("nbd:…") is COLDSEAL_BUG. */
struct image_backing {
    const char *name;
    const char *format;
};

struct image_output_request {
    const char *path; /* "-" is standard output */
    enum image_format format;
    uint64_t size_bytes; /* of the guest's disk; a multiple of 512 */
    /* What will be written; the rest reads as zeros and takes no room. qcow2 places all clusters
     * from this list up front, so that writes go anywhere in any order from any thread. */
    const struct ranges *allocated;
    /* Of a qcow2, or NULL. What is allocated reads as zeros until it is written; no room is
     * reserved for it, so that what is never written takes none. */
    const struct image_backing *backing;
    bool replace;
    bool unsynced; /* leave it to the kernel when the file gets to the disk */
};

bool image_output_is_stdout(const char *path);
/* What image_output_open() would refuse at once, for a look before long work. */
bool image_output_check(const char *path, bool replace, struct error *err);

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

/* A qcow2 file of `size_bytes` with a backing file and no data, for an appliance to write into; no
 * temporary name. The descriptor is empty and writable. */
bool qcow2_write_overlay(int fd, uint64_t size_bytes, const struct image_backing *backing,
                         struct error *err);

#endif
