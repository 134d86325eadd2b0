/* SPDX-License-Identifier: Apache-2.0 */
#include "image/patched.h"

#include <string.h>

#include "core/bytes.h"

struct patch {
    uint64_t offset;
    struct bytes *bytes;
};

struct patched {
    struct disk *base;
    size_t count;
    struct patch patches[PATCH_LIMIT];
};

/* The part of a patch that lies within [offset, offset + size). */
static void apply(const struct patch *patch, uint8_t *buffer, size_t size, uint64_t offset)
{
    uint64_t from = patch->offset > offset ? patch->offset : offset;
    uint64_t patch_end = patch->offset + patch->bytes->size;
    uint64_t end = patch_end < offset + size ? patch_end : offset + size;

    if (from < end)
        memcpy(buffer + (from - offset), patch->bytes->data + (from - patch->offset),
               (size_t)(end - from));
}

static bool patched_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    const struct patched *patched = self;

    if (!disk_pread(patched->base, buffer, size, offset, err))
        return false;
    for (size_t i = 0; i < patched->count; i++)
        apply(&patched->patches[i], buffer, size, offset);
    return true;
}

static bool patched_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                           struct error *err)
{
    struct patched *patched = self;

    if (patched->count == PATCH_LIMIT || size > PATCH_LIMIT_BYTES)
        return error_set(err, COLDSEAL_BUG, "more is written than a patched disk holds");
    struct bytes *copy = bytes_copy(buffer, size, err);
    if (copy == NULL)
        return false;
    patched->patches[patched->count++] = (struct patch){offset, copy};
    return true;
}

/* Patched zeros are zeros no more; a longer extent of data than need be does no harm. */
static bool patched_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    const struct patched *patched = self;

    if (!disk_extent(patched->base, offset, extent, err))
        return false;
    for (size_t i = 0; i < patched->count; i++) {
        const struct patch *patch = &patched->patches[i];
        if (patch->offset < offset + extent->length_bytes &&
            patch->offset + patch->bytes->size > offset)
            extent->kind = EXTENT_DATA;
    }
    return true;
}

static void patched_free(void *self)
{
    struct patched *patched = self;

    for (size_t i = 0; i < patched->count; i++)
        bytes_free(patched->patches[i].bytes);
    free(patched);
}

static const struct disk_operations patched_operations = {
    .format = "patched",
    .pread = patched_pread,
    .pwrite = patched_pwrite,
    .extent = patched_extent,
    .free = patched_free,
};

struct disk *patched_disk_new(struct disk *base, struct error *err)
{
    struct patched *patched = calloc(1, sizeof(*patched));

    if (patched == NULL) {
        error_no_memory(err);
        return NULL;
    }
    patched->base = base;
    return disk_new(&patched_operations, patched, disk_size(base), err);
}
