/* SPDX-License-Identifier: Apache-2.0 */
/* aes-xts-plain64 as dm-crypt does it: the tweak counts 512-byte sectors from the start of the data
 * segment, also with larger encryption sectors (no iv_large_sectors). One object serves one
 * thread. */
#ifndef CRYPT_SECTOR_CIPHER_H
#define CRYPT_SECTOR_CIPHER_H

#include "core/secret.h"

struct sector_cipher;
/* `volume_key` is 64 bytes; `sector_bytes` 512 or 4096. */
struct sector_cipher *sector_cipher_new(const struct secret *volume_key, uint32_t sector_bytes,
                                        bool encrypt, struct error *err);
/* In place. `size` is a multiple of the sector; `position_bytes` counts from the start of the data
 * segment and is a multiple too. */
bool sector_cipher_run(struct sector_cipher *cipher, void *data, size_t size,
                       uint64_t position_bytes, struct error *err);
void sector_cipher_free(struct sector_cipher *cipher);
DEFINE_OWNED(sector_cipher);

#endif
