/* SPDX-License-Identifier: Apache-2.0 */
/* Opening images that exist. Recognised by content, never by name. */
#ifndef IMAGE_OPEN_H
#define IMAGE_OPEN_H

#include "image/disk.h"
#include "image/sink.h"

/* A file, a block device, qcow2 or raw, or an NBD URI (image/nbd.h). `backing` (borrowed, may be
 * NULL) is what a qcow2 with a backing file reads through; without it such an image is refused, and
 * the name in its header is never opened. Other readers may come, writers may not: locked as QEMU
 * does, COLDSEAL_IO while somebody writes to it. COLDSEAL_IO, COLDSEAL_BAD_IMAGE,
 * COLDSEAL_UNSUPPORTED. The message does not name `path`: the caller does. */
struct disk *image_open(const char *path, struct disk *backing, struct error *err);
/* For writing in place. A qcow2 with internal snapshots, persistent bitmaps or a backing file, or
 * one that was not closed cleanly, is refused. Locked against readers and writers (OFD locks, as
 * QEMU's own image locking sees them), a block device also against whoever uses it in the kernel;
 * COLDSEAL_IO when somebody holds it. */
struct disk *image_open_writable(const char *path, struct error *err);
/* The same over `backing_path`, a raw or qcow2 image without a backing file of its own: the only
 * other file that is opened. What the header of the image calls its backing file must have the same
 * last component and, where it is said, the same format (qcow2_backing_check()). Read-only unless
 * `writable`, and then as image_open_writable(), but for the backing file, which is only read. With
 * a NULL `backing_path`, a plain image_open() or image_open_writable(). */
struct disk *image_open_over(const char *path, const char *backing_path, bool writable,
                             struct error *err);
/* The same from a descriptor, which is borrowed and must outlive the disk; the lock goes when its
 * open file is closed. */
struct disk *image_open_fd(int fd, bool writable, struct disk *backing, struct error *err);

/* Disks by format, from a descriptor that is borrowed and must outlive the disk. */
struct disk *raw_open(int fd, bool writable, struct error *err);
/* A new one; the file has its length already. `sink` is borrowed and must outlive the disk. */
struct disk *raw_output_new(struct sink *sink, struct error *err);
struct disk *qcow2_open(int fd, bool writable, struct disk *backing, struct error *err);
/* In memory: `size_bytes` of zeros, for tests and small work. */
struct disk *memory_disk_new(uint64_t size_bytes, struct error *err);

#endif
