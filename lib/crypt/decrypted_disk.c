/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/decrypted_disk.h"

#include <string.h>

#include "core/checked.h"
#include "crypt/sector_cipher.h"
#include "token/luks2_header.h"

#define WINDOW_BYTES ((size_t)64 << 10)

struct decrypted {
    struct disk *disk; /* borrowed, as the key */
    uint64_t offset_bytes;
    uint64_t length_bytes;
    const struct secret *volume_key;
};

/* Whole sectors from `offset` into `window`. */
static bool read_window(const struct decrypted *view, struct sector_cipher *cipher, uint8_t *window,
                        size_t size, uint64_t offset, struct error *err)
{
    return disk_pread(view->disk, window, size, view->offset_bytes + offset, err) &&
           sector_cipher_run(cipher, window, size, offset, err);
}

static bool decrypted_pread(void *self, void *buffer, size_t size, uint64_t offset,
                            struct error *err)
{
    const struct decrypted *view = self;
    OWNED(sector_cipher) cipher =
        sector_cipher_new(view->volume_key, LUKS2_SECTOR_BYTES, false, err);
    OWNED_PTR(uint8_t) window = malloc(WINDOW_BYTES);
    uint8_t *out = buffer;

    if (cipher == NULL)
        return false;
    if (window == NULL)
        return error_no_memory(err);
    while (size > 0) {
        uint64_t first = round_down(offset, LUKS2_SECTOR_BYTES);
        size_t whole = (size_t)min_u64(WINDOW_BYTES, view->length_bytes - first);
        size_t skip = (size_t)(offset - first);
        size_t part = (size_t)min_u64(size, whole - skip);
        if (!read_window(view, cipher, window, whole, first, err))
            return false;
        memcpy(out, window + skip, part);
        out += part;
        offset += part;
        size -= part;
    }
    return true;
}

static bool decrypted_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct decrypted *view = self;

    (void)err;
    *extent = (struct extent){offset, view->length_bytes - offset, EXTENT_DATA};
    return true;
}

static const struct disk_operations decrypted_operations = {
    .format = "decrypted",
    .pread = decrypted_pread,
    .extent = decrypted_extent,
    .free = free,
};

struct disk *decrypted_disk_new(struct disk *disk, uint64_t offset_bytes, uint64_t length_bytes,
                                const struct secret *volume_key, struct error *err)
{
    struct decrypted *view = malloc(sizeof(*view));

    if (view == NULL)
        return error_no_memory(err), NULL;
    *view = (struct decrypted){disk, offset_bytes, round_down(length_bytes, LUKS2_SECTOR_BYTES),
                               volume_key};
    return disk_new(&decrypted_operations, view, view->length_bytes, err);
}
