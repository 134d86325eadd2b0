/* SPDX-License-Identifier: Apache-2.0 */
/* The compressions of an initramfs. Private to boot/. */
#ifndef BOOT_INITRD_PACK_H
#define BOOT_INITRD_PACK_H

#include "boot/initrd.h"

/* By the first bytes; false where it is none of these. */
bool initrd_compression_of(const uint8_t *data, size_t size, enum initrd_compression *compression);
/* One stream, behind which only zeros may follow. COLDSEAL_BAD_IMAGE above INITRD_LIMIT_BYTES. */
struct bytes *initrd_unpack(enum initrd_compression compression, const uint8_t *data, size_t size,
                            struct error *err);
/* A stream in place of the bytes; INITRD_PLAIN is a copy. */
struct bytes *initrd_pack(enum initrd_compression compression, const struct bytes *bytes,
                          struct error *err);

#endif
