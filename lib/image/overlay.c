/* SPDX-License-Identifier: Apache-2.0 */
#include "image/overlay.h"

#include <pthread.h>
#include <string.h>

#include "core/checked.h"
#include "image/file_io.h"

#define BLOCK_BYTES ((uint64_t)64 << 10)

struct overlay {
    struct disk *base;
    int fd;
    uint64_t size_bytes;
    pthread_rwlock_t lock;
    uint8_t *changed; /* a bit for each block that lies in the file */
};

static bool is_changed(const struct overlay *overlay, uint64_t block)
{
    return (overlay->changed[block / 8] >> (block % 8) & 1) != 0;
}

/* How far from `offset`, `length` at most, the disk comes from one place. */
static uint64_t find_run(const struct overlay *overlay, uint64_t offset, uint64_t length,
                         bool *changed)
{
    uint64_t end = offset + length;
    uint64_t block = offset / BLOCK_BYTES;

    *changed = is_changed(overlay, block);
    while (++block * BLOCK_BYTES < end && is_changed(overlay, block) == *changed)
        continue;
    return min_u64(block * BLOCK_BYTES, end) - offset;
}

static bool read_runs(struct overlay *overlay, uint8_t *to, size_t size, uint64_t offset,
                      struct error *err)
{
    bool changed;

    while (size > 0) {
        size_t run = (size_t)find_run(overlay, offset, size, &changed);
        if (changed ? !file_read_padded_at(overlay->fd, to, run, offset, err)
                    : !disk_pread(overlay->base, to, run, offset, err))
            return false;
        to += run;
        offset += run;
        size -= run;
    }
    return true;
}

static bool overlay_pread(void *self, void *buffer, size_t size, uint64_t offset, struct error *err)
{
    struct overlay *overlay = self;

    pthread_rwlock_rdlock(&overlay->lock);
    bool ok = read_runs(overlay, buffer, size, offset, err);
    pthread_rwlock_unlock(&overlay->lock);
    return ok;
}

/* A block that changes in part is copied first. */
static bool claim_block(struct overlay *overlay, uint64_t block, bool is_whole, struct error *err)
{
    uint8_t data[BLOCK_BYTES];
    uint64_t offset = block * BLOCK_BYTES;
    size_t size = (size_t)min_u64(BLOCK_BYTES, overlay->size_bytes - offset);

    if (is_changed(overlay, block))
        return true;
    if (!is_whole && (!disk_pread(overlay->base, data, size, offset, err) ||
                      !file_write_at(overlay->fd, data, size, offset, err)))
        return false;
    overlay->changed[block / 8] |= (uint8_t)(1U << (block % 8));
    return true;
}

static bool write_blocks(struct overlay *overlay, const uint8_t *from, size_t size, uint64_t offset,
                         struct error *err)
{
    while (size > 0) {
        uint64_t within = offset % BLOCK_BYTES;
        size_t piece = (size_t)min_u64(size, BLOCK_BYTES - within);
        if (!claim_block(overlay, offset / BLOCK_BYTES, piece == BLOCK_BYTES, err) ||
            !file_write_at(overlay->fd, from, piece, offset, err))
            return false;
        from += piece;
        offset += piece;
        size -= piece;
    }
    return true;
}

static bool overlay_pwrite(void *self, const void *buffer, size_t size, uint64_t offset,
                           struct error *err)
{
    struct overlay *overlay = self;

    pthread_rwlock_wrlock(&overlay->lock);
    bool ok = write_blocks(overlay, buffer, size, offset, err);
    pthread_rwlock_unlock(&overlay->lock);
    return ok;
}

static bool overlay_extent(void *self, uint64_t offset, struct extent *extent, struct error *err)
{
    struct overlay *overlay = self;
    bool changed;

    pthread_rwlock_rdlock(&overlay->lock);
    uint64_t run = find_run(overlay, offset, overlay->size_bytes - offset, &changed);
    pthread_rwlock_unlock(&overlay->lock);
    *extent = (struct extent){offset, run, EXTENT_DATA};
    if (changed)
        return true;
    if (!disk_extent(overlay->base, offset, extent, err))
        return false;
    extent->length_bytes = min_u64(extent->length_bytes, run);
    return true;
}

static const char *overlay_remainder(const void *self)
{
    const struct overlay *overlay = self;

    return disk_remainder(overlay->base);
}

static void overlay_free(void *self)
{
    struct overlay *overlay = self;

    pthread_rwlock_destroy(&overlay->lock);
    free(overlay->changed);
    free(overlay);
}

static const struct disk_operations operations = {
    .format = "overlay",
    .pread = overlay_pread,
    .pwrite = overlay_pwrite,
    .extent = overlay_extent,
    .remainder = overlay_remainder,
    .free = overlay_free,
};

struct disk *overlay_disk_new(struct disk *base, int fd, struct error *err)
{
    struct overlay *overlay = calloc(1, sizeof(*overlay));
    uint64_t blocks = disk_size(base) / BLOCK_BYTES + 1;

    if (overlay != NULL)
        overlay->changed = calloc((size_t)(blocks / 8 + 1), 1);
    if (overlay == NULL || overlay->changed == NULL) {
        free(overlay);
        error_no_memory(err);
        return NULL;
    }
    pthread_rwlock_init(&overlay->lock, NULL);
    overlay->base = base;
    overlay->fd = fd;
    overlay->size_bytes = disk_size(base);
    return disk_new(&operations, overlay, overlay->size_bytes, err);
}
