/* SPDX-License-Identifier: Apache-2.0 */
/* What the header of a qcow2 image says of its backing file, which is compared and never opened. */
#ifndef IMAGE_QCOW2_BACKING_H
#define IMAGE_QCOW2_BACKING_H

#include "image/qcow2_header.h"

/* docs/interop/qcow2.txt: backing_file_size; formats have short names. */
#define QCOW2_BACKING_NAME_MAX_BYTES 1023
#define QCOW2_BACKING_FORMAT_MAX_BYTES 16
#define QCOW2_EXTENSION_END UINT32_C(0)
#define QCOW2_EXTENSION_BACKING_FORMAT UINT32_C(0xe2792aca)

struct qcow2_backing {
    char name[QCOW2_BACKING_NAME_MAX_BYTES + 1];
    char format[QCOW2_BACKING_FORMAT_MAX_BYTES + 1]; /* "": not said */
};

/* `cluster` is the first cluster of the file, or what there is of it. COLDSEAL_BAD_IMAGE. */
bool qcow2_backing_parse(const void *cluster, size_t size, const struct qcow2_header *header,
                         struct qcow2_backing *backing, struct error *err);

/* That the image in `fd` is a qcow2 over a file that is called as the one at `path` is, in the
 * same format where it says one. Only the last components are compared: the image may be used on
 * another machine than the one that wrote it. COLDSEAL_USAGE: another name, or no backing file at
 * all; COLDSEAL_BAD_IMAGE: another format. */
bool qcow2_backing_check(int fd, const char *path, const char *format, struct error *err);

/* The name for a file at `path` in the header of an image at `image_path`: the last component where
 * they lie in one folder, else the absolute path; never one that QEMU takes for a protocol. The
 * caller frees it. COLDSEAL_UNSUPPORTED where it is too long. */
char *qcow2_backing_name(const char *path, const char *image_path, struct error *err);

#endif
