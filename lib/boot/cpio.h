/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of files as systemd-stub makes them for the kernel's initramfs: "newc" without times and
 * owners, so that they can be known beforehand (linux, early-userspace/buffer-format.rst; systemd,
 * src/boot/cpio.c). */
#ifndef BOOT_CPIO_H
#define BOOT_CPIO_H

#include "core/bytes.h"

#define CPIO_LIMIT_BYTES ((size_t)64 << 20)

struct cpio;

/* Begins with the folder (".extra/credentials") and those above it. */
struct cpio *cpio_new(const char *folder, uint32_t folder_mode, struct error *err);
/* A file of the folder. COLDSEAL_UNSUPPORTED above CPIO_LIMIT_BYTES in all. */
bool cpio_add(struct cpio *cpio, const char *name, uint32_t mode, const void *data, size_t size,
              struct error *err);
/* The whole archive, once. */
struct bytes *cpio_finish(struct cpio *cpio, struct error *err);
void cpio_free(struct cpio *cpio);
DEFINE_OWNED(cpio);

#endif
