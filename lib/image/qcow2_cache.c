/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_cache.h"

#include <pthread.h>
#include <string.h>

#include "core/checked.h"
#include "image/file_io.h"

#define CACHE_SLOTS 128

struct slot {
    uint8_t *data; /* NULL while the slot is empty */
    uint64_t offset;
    uint64_t last_use;
};

struct qcow2_cache {
    int fd;
    size_t slice_bytes;
    pthread_mutex_t lock; /* covers what follows */
    uint64_t clock;
    struct slot slots[CACHE_SLOTS];
};

struct qcow2_cache *qcow2_cache_new(int fd, size_t slice_bytes, struct error *err)
{
    struct qcow2_cache *cache = calloc(1, sizeof(*cache));

    if (cache == NULL) {
        error_no_memory(err);
        return NULL;
    }
    cache->fd = fd;
    cache->slice_bytes = slice_bytes;
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void qcow2_cache_free(struct qcow2_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        free(cache->slots[i].data);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static struct slot *find_slot(struct qcow2_cache *cache, uint64_t offset)
{
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        if (cache->slots[i].data != NULL && cache->slots[i].offset == offset)
            return &cache->slots[i];
    }
    return NULL;
}

static struct slot *oldest_slot(struct qcow2_cache *cache)
{
    struct slot *oldest = &cache->slots[0];

    for (size_t i = 1; i < CACHE_SLOTS; i++) {
        if (cache->slots[i].last_use < oldest->last_use)
            oldest = &cache->slots[i];
    }
    return oldest;
}

static bool copy_cached(struct qcow2_cache *cache, uint64_t slice, size_t within, void *out,
                        size_t size)
{
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = find_slot(cache, slice);
    if (slot != NULL) {
        slot->last_use = ++cache->clock;
        memcpy(out, slot->data + within, size);
    }
    pthread_mutex_unlock(&cache->lock);
    return slot != NULL;
}

/* Takes `data` over, and gives back what is no longer needed: the data it replaced, or `data`
 * itself when another thread was faster. */
static uint8_t *insert_slice(struct qcow2_cache *cache, uint64_t slice, uint8_t *data)
{
    uint8_t *unused = data;

    pthread_mutex_lock(&cache->lock);
    if (find_slot(cache, slice) == NULL) {
        struct slot *slot = oldest_slot(cache);
        unused = slot->data;
        *slot = (struct slot){data, slice, ++cache->clock};
    }
    pthread_mutex_unlock(&cache->lock);
    return unused;
}

bool qcow2_cache_read(struct qcow2_cache *cache, uint64_t offset, void *out, size_t size,
                      struct error *err)
{
    uint64_t slice = round_down(offset, cache->slice_bytes);
    size_t within = (size_t)(offset - slice);

    if (copy_cached(cache, slice, within, out, size))
        return true;
    OWNED_PTR(uint8_t) data = malloc(cache->slice_bytes);
    if (data == NULL)
        return error_no_memory(err);
    if (!file_read_at(cache->fd, data, cache->slice_bytes, slice, err))
        return false;
    memcpy(out, data + within, size);
    data = insert_slice(cache, slice, data);
    return true;
}
