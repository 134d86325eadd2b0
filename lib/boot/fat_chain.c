/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/fat_volume.h"
#include "core/bytes.h"
#include "core/checked.h"

/* Has the bytes [offset, offset + size) of the table in the window, size at most 4. */
static bool load_window(struct fat *fat, uint64_t offset, size_t size, struct error *err)
{
    if (offset >= fat->window_start &&
        offset + size <= fat->window_start + (uint64_t)fat->window_size)
        return true;
    uint64_t length = min_u64(sizeof(fat->window), fat->fat_length_bytes - offset);
    fat->window_size = 0;
    if (!disk_pread(fat->disk, fat->window, (size_t)length, fat->fat_offset_bytes + offset, err))
        return error_wrap(err, "FAT");
    fat->window_start = offset;
    fat->window_size = (size_t)length;
    return true;
}

/* The table's raw value for a cluster that is in the volume. FAT specification, clause 4: twelve
 * bits start at byte n + n / 2, in its low or its high half. */
static bool read_link(struct fat *fat, uint32_t cluster, uint32_t *value, struct error *err)
{
    uint64_t offset = (uint64_t)cluster * fat->bits / 8;
    size_t size = fat->bits == 32 ? 4 : 2;

    if (!load_window(fat, offset, size, err))
        return false;
    const uint8_t *at = fat->window + (offset - fat->window_start);
    uint32_t low = (uint32_t)at[0] | (uint32_t)at[1] << 8;
    if (fat->bits == 12)
        *value = cluster % 2 == 0 ? low & 0xfff : low >> 4;
    else if (fat->bits == 16)
        *value = low;
    else
        *value = (low | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24) & UINT32_C(0x0fffffff);
    return true;
}

static bool is_end(const struct fat *fat, uint32_t value)
{
    uint32_t all = fat->bits == 32 ? UINT32_C(0x0fffffff) : (UINT32_C(1) << fat->bits) - 1;

    return value >= all - 7;
}

static bool check_cluster(const struct fat *fat, uint32_t cluster, struct error *err)
{
    if (cluster >= 2 && cluster - 2 < fat->cluster_count)
        return true;
    return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: a chain leads to cluster %u of %u", cluster,
                     fat->cluster_count);
}

static struct fat_chain *chain_new(uint32_t capacity, struct error *err)
{
    struct fat_chain *chain =
        calloc(1, sizeof(*chain) + (size_t)capacity * sizeof(chain->clusters[0]));

    if (chain == NULL)
        error_no_memory(err);
    return chain;
}

static int compare_cluster(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* A chain that comes back to itself would give the same bytes twice, and a patch of one place would
 * change the other. */
static bool check_no_cycle(const struct fat_chain *chain, struct error *err)
{
    OWNED_PTR(uint32_t) sorted = malloc(((size_t)chain->count + 1) * sizeof(*sorted));

    if (sorted == NULL)
        return error_no_memory(err);
    memcpy(sorted, chain->clusters, chain->count * sizeof(*sorted));
    qsort(sorted, chain->count, sizeof(*sorted), compare_cluster);
    for (uint32_t i = 1; i < chain->count; i++) {
        if (sorted[i] == sorted[i - 1])
            return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: a chain passes cluster %u twice",
                             sorted[i]);
    }
    return true;
}

struct fat_chain *fat_chain_read(struct fat *fat, uint32_t first, uint32_t count, struct error *err)
{
    uint32_t cluster = first;

    if (count > fat->cluster_count) {
        error_set(err, COLDSEAL_BAD_IMAGE, "FAT: a file of %u clusters in a volume of %u", count,
                  fat->cluster_count);
        return NULL;
    }
    OWNED(fat_chain) chain = chain_new(count, err);
    if (chain == NULL)
        return NULL;
    while (chain->count < count) {
        if (!check_cluster(fat, cluster, err))
            return NULL;
        chain->clusters[chain->count++] = cluster;
        if (chain->count < count && !read_link(fat, cluster, &cluster, err))
            return NULL;
    }
    return check_no_cycle(chain, err) ? TAKE(chain) : NULL;
}

struct fat_chain *fat_chain_read_all(struct fat *fat, uint32_t first, uint32_t limit,
                                     struct error *err)
{
    uint32_t capacity = (uint32_t)min_u64(limit, fat->cluster_count);
    uint32_t cluster = first;
    OWNED(fat_chain) chain = chain_new(capacity, err);

    if (chain == NULL)
        return NULL;
    do {
        if (chain->count == capacity) {
            error_set(err, COLDSEAL_BAD_IMAGE, "FAT: a directory is too long or a cycle");
            return NULL;
        }
        if (!check_cluster(fat, cluster, err))
            return NULL;
        chain->clusters[chain->count++] = cluster;
        if (!read_link(fat, cluster, &cluster, err))
            return NULL;
    } while (!is_end(fat, cluster));
    return check_no_cycle(chain, err) ? TAKE(chain) : NULL;
}

struct chain_piece {
    uint64_t disk_offset;
    size_t length;
};

/* The longest run of neighbouring clusters from byte `offset` of the chain, `size` at most. */
static struct chain_piece find_piece(const struct fat *fat, const struct fat_chain *chain,
                                     uint64_t offset, size_t size)
{
    uint32_t i = (uint32_t)(offset / fat->cluster_bytes);
    uint32_t within = (uint32_t)(offset % fat->cluster_bytes);
    uint64_t start = (uint64_t)(chain->clusters[i] - 2) * fat->cluster_bytes + within;
    uint64_t length = fat->cluster_bytes - within;

    while (length < size && i + 1 < chain->count &&
           chain->clusters[i + 1] == chain->clusters[i] + 1) {
        length += fat->cluster_bytes;
        i++;
    }
    return (struct chain_piece){fat->data_offset_bytes + start, (size_t)min_u64(length, size)};
}

static bool check_within_chain(const struct fat *fat, const struct fat_chain *chain,
                               uint64_t offset, size_t size, struct error *err)
{
    if (range_within(offset, size, (uint64_t)chain->count * fat->cluster_bytes))
        return true;
    return error_set(err, COLDSEAL_BUG, "FAT: a range behind the end of a chain");
}

bool fat_chain_pread(struct fat *fat, const struct fat_chain *chain, uint64_t offset, void *data,
                     size_t size, struct error *err)
{
    uint8_t *to = data;

    if (!check_within_chain(fat, chain, offset, size, err))
        return false;
    while (size > 0) {
        struct chain_piece piece = find_piece(fat, chain, offset, size);
        if (!disk_pread(fat->disk, to, piece.length, piece.disk_offset, err))
            return false;
        to += piece.length;
        offset += piece.length;
        size -= piece.length;
    }
    return true;
}

bool fat_chain_pwrite(struct fat *fat, const struct fat_chain *chain, uint64_t offset,
                      const void *data, size_t size, struct error *err)
{
    const uint8_t *from = data;

    if (!check_within_chain(fat, chain, offset, size, err))
        return false;
    while (size > 0) {
        struct chain_piece piece = find_piece(fat, chain, offset, size);
        if (!disk_pwrite(fat->disk, from, piece.length, piece.disk_offset, err))
            return false;
        from += piece.length;
        offset += piece.length;
        size -= piece.length;
    }
    return true;
}
