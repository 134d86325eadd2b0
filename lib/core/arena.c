/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "core/checked.h"

#define BLOCK_BYTES ((size_t)64 << 10)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct block *blocks; /* the newest first */
    size_t limit_bytes;
    size_t total_bytes;
};

struct arena *arena_new(size_t limit_bytes, struct error *err)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena == NULL)
        error_no_memory(err);
    else
        arena->limit_bytes = limit_bytes;
    return arena;
}

void arena_free(struct arena *arena)
{
    struct block *next;

    for (struct block *block = arena == NULL ? NULL : arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

static bool add_block(struct arena *arena, size_t at_least, struct error *err)
{
    size_t size = at_least > BLOCK_BYTES ? at_least : BLOCK_BYTES;
    struct block *block = calloc(1, sizeof(*block) + size);

    if (block == NULL)
        return error_no_memory(err);
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return true;
}

void *arena_take(struct arena *arena, size_t size, struct error *err)
{
    uint64_t rounded;

    if (!checked_round_up(size == 0 ? 1 : size, alignof(max_align_t), &rounded) ||
        !range_within(arena->total_bytes, rounded, arena->limit_bytes)) {
        error_set(err, COLDSEAL_UNSUPPORTED, "it takes more than %zu bytes of memory",
                  arena->limit_bytes);
        return NULL;
    }
    struct block *block = arena->blocks;
    if ((block == NULL || block->size - block->used < rounded) &&
        !add_block(arena, (size_t)rounded, err))
        return NULL;
    block = arena->blocks;
    void *taken = block->data + block->used;
    block->used += (size_t)rounded;
    arena->total_bytes += (size_t)rounded;
    return taken;
}

char *arena_copy(struct arena *arena, const char *text, size_t length, struct error *err)
{
    char *copy = arena_take(arena, length + 1, err);

    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}
