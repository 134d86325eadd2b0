/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of files as systemd-stub makes them for the kernel's initramfs: "newc" without times and
 * owners, so that they can be known beforehand (linux, early-userspace/buffer-format.rst; systemd,
 * src/boot/cpio.c). */
#ifndef BOOT_CPIO_H
#define BOOT_CPIO_H

#include "core/bytes.h"

#define CPIO_LIMIT_BYTES ((size_t)64 << 20)

struct cpio;

/* Empty; refuses more than `limit_bytes` in all, with COLDSEAL_UNSUPPORTED. */
struct cpio *cpio_new_empty(size_t limit_bytes, struct error *err);
/* Anything, by its whole path; `mode` has the file's type. */
bool cpio_put(struct cpio *cpio, const char *path, uint32_t mode, const void *data, size_t size,
              struct error *err);
/* What is an archive's member already, header to padding. */
bool cpio_put_raw(struct cpio *cpio, const void *raw, size_t size, struct error *err);

/* Begins with the folder (".extra/credentials") and those above it; up to CPIO_LIMIT_BYTES. */
struct cpio *cpio_new(const char *folder, uint32_t folder_mode, struct error *err);
/* A file of the folder. */
bool cpio_add(struct cpio *cpio, const char *name, uint32_t mode, const void *data, size_t size,
              struct error *err);
/* The whole archive, once. */
struct bytes *cpio_finish(struct cpio *cpio, struct error *err);
void cpio_free(struct cpio *cpio);
DEFINE_OWNED(cpio);

#endif
