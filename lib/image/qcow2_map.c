/* SPDX-License-Identifier: Apache-2.0 */
#include "image/qcow2_map.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "core/reader.h"
#include "image/file_io.h"
#include "image/qcow2_cache.h"
#include "image/qcow2_entry.h"

#define SLICE_LIMIT_BYTES ((size_t)32 << 10)
#define LOOKUP_BATCH 256
#define L2_ENTRY_LIMIT_BYTES 16
/* Deflate cannot make more than this out of a byte (258 bytes from two bits). For zstd, whose ratio
 * has no such bound, a cluster takes at least a frame with one block (RFC 8878, clause 3.1). */
#define DEFLATE_RATIO_LIMIT 1032
#define ZSTD_FRAME_MIN_BYTES 9

struct qcow2_map {
    int fd;
    struct qcow2_header header;
    uint64_t file_bytes;
    uint64_t cluster_count;
    struct qcow2_cache *cache;
    uint64_t *l2_offsets; /* for each L1 entry in use; 0: no table */
};

/* What the entries of a map claim to find in the file. */
struct claim {
    uint64_t tables;
    uint64_t data_clusters;
    uint64_t compressed_clusters;
};

void qcow2_map_free(struct qcow2_map *map)
{
    if (map == NULL)
        return;
    qcow2_cache_free(map->cache);
    free(map->l2_offsets);
    free(map);
}

static bool decode_l1(struct qcow2_map *map, struct reader *r, struct claim *claim,
                      struct error *err)
{
    for (uint64_t i = 0; i < map->header.l1_entries_used; i++) {
        uint64_t entry;
        if (!read_u64be(r, &entry))
            return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 L1 table is cut short");
        if (!qcow2_l1_entry_decode(entry, &map->header, map->file_bytes, &map->l2_offsets[i], err))
            return false;
        claim->tables += map->l2_offsets[i] != 0;
    }
    return true;
}

static bool read_l1(struct qcow2_map *map, struct claim *claim, struct error *err)
{
    size_t size = map->header.l1_entries_used * QCOW2_ENTRY_BYTES;
    OWNED(bytes) table = bytes_new(size, err);

    if (table == NULL || !file_read_at(map->fd, table->data, size, map->header.l1_offset, err))
        return false;
    map->l2_offsets = calloc(map->header.l1_entries_used + 1, sizeof(*map->l2_offsets));
    if (map->l2_offsets == NULL)
        return error_no_memory(err);
    struct reader r = reader_over(table->data, size);
    return decode_l1(map, &r, claim, err);
}

static bool read_l2_entry(const struct qcow2_map *map, struct reader *r,
                          struct qcow2_cluster *cluster, struct error *err)
{
    uint64_t entry, bitmap = 0;

    if (!read_u64be(r, &entry) ||
        (map->header.l2_entry_bytes == L2_ENTRY_LIMIT_BYTES && !read_u64be(r, &bitmap)))
        return error_set(err, COLDSEAL_BAD_IMAGE, "qcow2 L2 table is cut short");
    return qcow2_l2_entry_decode(entry, bitmap, &map->header, map->file_bytes, cluster, err);
}

static bool count_entries(const struct qcow2_map *map, struct reader *r, uint64_t entries,
                          struct claim *claim, struct error *err)
{
    for (uint64_t i = 0; i < entries; i++) {
        struct qcow2_cluster cluster;
        if (!read_l2_entry(map, r, &cluster, err))
            return false;
        claim->data_clusters += cluster.kind == QCOW2_DATA || cluster.kind == QCOW2_MIXED;
        claim->compressed_clusters += cluster.kind == QCOW2_COMPRESSED;
    }
    return true;
}

static bool count_table(const struct qcow2_map *map, uint64_t l1_index, struct bytes *buffer,
                        struct claim *claim, struct error *err)
{
    uint64_t first = l1_index * map->header.l2_entries;
    uint64_t entries = min_u64(map->header.l2_entries, map->cluster_count - first);
    uint64_t table = map->l2_offsets[l1_index];
    uint64_t entry_bytes = map->header.l2_entry_bytes;

    for (uint64_t done = 0; done < entries;) {
        uint64_t part = min_u64(entries - done, buffer->size / entry_bytes);
        struct reader r = reader_over(buffer->data, part * entry_bytes);
        if (!file_read_at(map->fd, buffer->data, r.size, table + done * entry_bytes, err) ||
            !count_entries(map, &r, part, claim, err))
            return false;
        done += part;
    }
    return true;
}

static bool claim_fits(const struct qcow2_map *map, const struct claim *claim)
{
    uint64_t file_clusters = map->file_bytes / map->header.cluster_bytes + 1;
    uint64_t stored_bytes =
        map->header.compression_type == QCOW2_COMPRESSION_ZSTD
            ? claim->compressed_clusters * ZSTD_FRAME_MIN_BYTES
            : claim->compressed_clusters * map->header.cluster_bytes / DEFLATE_RATIO_LIMIT;

    return claim->tables <= file_clusters && claim->data_clusters <= file_clusters &&
           stored_bytes <= map->file_bytes;
}

/* No two entries of an image share a host cluster (snapshots have tables of their own), so there
 * cannot be more of them than the file has room for. */
static bool check_claim(const struct qcow2_map *map, const struct claim *claim, struct error *err)
{
    return claim_fits(map, claim) ||
           error_set(err, COLDSEAL_BAD_IMAGE,
                     "qcow2 tables claim more clusters than the file can hold");
}

static bool check_l2_tables(const struct qcow2_map *map, struct claim *claim, struct error *err)
{
    OWNED(bytes) buffer = bytes_new(min_u64(map->header.cluster_bytes, SLICE_LIMIT_BYTES), err);

    if (buffer == NULL || !check_claim(map, claim, err))
        return false;
    for (uint64_t i = 0; i < map->header.l1_entries_used; i++) {
        if (map->l2_offsets[i] != 0 &&
            (!count_table(map, i, buffer, claim, err) || !check_claim(map, claim, err)))
            return false;
    }
    return true;
}

struct qcow2_map *qcow2_map_open(int fd, const struct qcow2_header *header, uint64_t file_bytes,
                                 struct error *err)
{
    OWNED(qcow2_map) map = calloc(1, sizeof(*map));
    struct claim claim = {0};

    if (map == NULL) {
        error_no_memory(err);
        return NULL;
    }
    map->fd = fd;
    map->header = *header;
    map->file_bytes = file_bytes;
    map->cluster_count = (header->size_bytes + header->cluster_bytes - 1) >> header->cluster_bits;
    map->cache = qcow2_cache_new(fd, min_u64(header->cluster_bytes, SLICE_LIMIT_BYTES), err);
    if (map->cache == NULL || !read_l1(map, &claim, err) || !check_l2_tables(map, &claim, err))
        return NULL;
    return TAKE(map);
}

static bool decode_batch(const struct qcow2_map *map, const uint8_t *entries, size_t count,
                         struct qcow2_cluster *clusters, struct error *err)
{
    struct reader r = reader_over(entries, count * map->header.l2_entry_bytes);

    for (size_t i = 0; i < count; i++) {
        if (!read_l2_entry(map, &r, &clusters[i], err))
            return false;
    }
    return true;
}

bool qcow2_map_lookup(struct qcow2_map *map, uint64_t first, size_t max,
                      struct qcow2_cluster *clusters, size_t *count, struct error *err)
{
    uint64_t slice_entries =
        min_u64(map->header.l2_entries, SLICE_LIMIT_BYTES / map->header.l2_entry_bytes);
    uint64_t table = map->l2_offsets[first / map->header.l2_entries];
    uint64_t index = first % map->header.l2_entries;
    uint8_t entries[LOOKUP_BATCH * L2_ENTRY_LIMIT_BYTES];

    *count = min_u64(min_u64(max, LOOKUP_BATCH), slice_entries - index % slice_entries);
    if (table == 0) {
        for (size_t i = 0; i < *count; i++)
            clusters[i] = (struct qcow2_cluster){.kind = QCOW2_UNALLOCATED};
        return true;
    }
    return qcow2_cache_read(map->cache, table + index * map->header.l2_entry_bytes, entries,
                            *count * map->header.l2_entry_bytes, err) &&
           decode_batch(map, entries, *count, clusters, err);
}

uint64_t qcow2_map_hole(const struct qcow2_map *map, uint64_t first)
{
    uint64_t i = first / map->header.l2_entries;

    while (i < map->header.l1_entries_used && map->l2_offsets[i] == 0)
        i++;
    uint64_t end = min_u64(i * map->header.l2_entries, map->cluster_count);
    return end > first ? end - first : 0;
}

bool qcow2_map_is_l2_table(const struct qcow2_map *map, uint64_t host_offset)
{
    for (uint64_t i = 0; i < map->header.l1_entries_used; i++) {
        if (map->l2_offsets[i] == host_offset)
            return true;
    }
    return false;
}
