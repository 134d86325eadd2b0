/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPT_DECRYPTED_DISK_H
#define CRYPT_DECRYPTED_DISK_H

#include "core/secret.h"
#include "image/disk.h"

/* The plain text of a data segment of 4096-byte sectors at [offset, offset + length) of `disk`, for
 * reading; a length that is no multiple is cut down to one. `disk` and `volume_key` are borrowed.
 * What the image left out reads as noise. */
struct disk *decrypted_disk_new(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                                const struct secret *volume_key, struct error *err);

#endif
