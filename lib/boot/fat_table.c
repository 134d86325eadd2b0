/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/fat_table.h"

#include "core/bytes.h"
#include "core/reader.h"
#include "core/writer.h"

/* Sixteen million clusters of FAT32: an ESP of 64 GiB. */
#define TABLE_LIMIT_BYTES ((uint64_t)64 << 20)
#define FIRST_CLUSTER 2
/* FSInfo, and where the count of free clusters is in it. */
#define INFO_BYTES 512
#define INFO_LEAD UINT32_C(0x41615252)
#define INFO_MIDDLE UINT32_C(0x61417272)
#define INFO_MIDDLE_OFFSET 484
#define INFO_FREE_OFFSET 488

struct fat_table {
    unsigned bits;
    uint32_t cluster_count;
    struct bytes *bytes;
};

void fat_table_free(struct fat_table *table)
{
    if (table == NULL)
        return;
    bytes_free(table->bytes);
    free(table);
}

struct fat_table *fat_table_read(struct fat *fat, struct error *err)
{
    OWNED(fat_table) table = calloc(1, sizeof(*table));

    if (fat->fat_length_bytes > TABLE_LIMIT_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "FAT: a table of %llu bytes",
                         (unsigned long long)fat->fat_length_bytes),
               NULL;
    if (table == NULL)
        return error_no_memory(err), NULL;
    table->bits = fat->bits;
    table->cluster_count = fat->cluster_count;
    table->bytes = bytes_new((size_t)fat->fat_length_bytes, err);
    if (table->bytes == NULL ||
        !disk_pread(fat->disk, table->bytes->data, table->bytes->size, fat->fat_offset_bytes, err))
        return NULL;
    return TAKE(table);
}

/* The volume's geometry says that entries of all clusters are in the table. */
static uint8_t *entry_at(const struct fat_table *table, uint32_t cluster)
{
    return table->bytes->data + (uint64_t)cluster * table->bits / 8;
}

static uint32_t get_link(const struct fat_table *table, uint32_t cluster)
{
    const uint8_t *at = entry_at(table, cluster);
    uint32_t low = (uint32_t)at[0] | (uint32_t)at[1] << 8;

    if (table->bits == 12)
        return cluster % 2 == 0 ? low & 0xfff : low >> 4;
    return table->bits == 16 ? low
                             : (low | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24) & 0x0fffffff;
}

/* The upper four bits of 32 are not ours. */
static void set_link(struct fat_table *table, uint32_t cluster, uint32_t value)
{
    uint8_t *at = entry_at(table, cluster);

    if (table->bits == 12 && cluster % 2 == 0) {
        at[0] = (uint8_t)value;
        at[1] = (uint8_t)((at[1] & 0xf0) | (value >> 8 & 0x0f));
    } else if (table->bits == 12) {
        at[0] = (uint8_t)((at[0] & 0x0f) | (value << 4 & 0xf0));
        at[1] = (uint8_t)(value >> 4);
    } else {
        at[0] = (uint8_t)value;
        at[1] = (uint8_t)(value >> 8);
    }
    if (table->bits == 32) {
        at[2] = (uint8_t)(value >> 16);
        at[3] = (uint8_t)((at[3] & 0xf0) | (value >> 24 & 0x0f));
    }
}

static uint32_t end_mark(const struct fat_table *table)
{
    return table->bits == 32 ? UINT32_C(0x0fffffff) : (UINT32_C(1) << table->bits) - 1;
}

bool fat_table_release(struct fat_table *table, uint32_t first, struct error *err)
{
    uint32_t cluster = first;

    if (first == 0)
        return true;
    /* a cluster that was freed leads to 0, so that no chain goes round */
    while (cluster < end_mark(table) - 7) {
        if (cluster < FIRST_CLUSTER || cluster - FIRST_CLUSTER >= table->cluster_count)
            return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: a chain leads to cluster %u", cluster);
        uint32_t next = get_link(table, cluster);
        set_link(table, cluster, 0);
        cluster = next;
    }
    return true;
}

struct fat_chain *fat_table_allocate(struct fat_table *table, uint32_t last, uint32_t count,
                                     struct error *err)
{
    OWNED(fat_chain) chain = calloc(1, sizeof(*chain) + (size_t)count * sizeof(uint32_t));
    uint32_t end = table->cluster_count + FIRST_CLUSTER;

    if (chain == NULL)
        return error_no_memory(err), NULL;
    for (uint32_t cluster = FIRST_CLUSTER; cluster < end && chain->count < count; cluster++) {
        if (get_link(table, cluster) != 0)
            continue;
        set_link(table, cluster, end_mark(table));
        if (last != 0)
            set_link(table, last, cluster);
        chain->clusters[chain->count++] = cluster;
        last = cluster;
    }
    if (chain->count < count)
        return error_set(err, COLDSEAL_UNSUPPORTED, "FAT: no room for %u clusters", count), NULL;
    return TAKE(chain);
}

static bool write_info(const struct fat_table *table, struct fat *fat, struct error *err)
{
    uint8_t info[INFO_BYTES] = {0};
    struct reader r = reader_over(info, sizeof(info));
    uint32_t lead, middle;
    uint32_t free_clusters = 0;

    if (fat->info_offset_bytes == 0)
        return true;
    if (!disk_pread(fat->disk, info, sizeof(info), fat->info_offset_bytes, err))
        return false;
    if (!read_u32le(&r, &lead) || !reader_seek(&r, INFO_MIDDLE_OFFSET) ||
        !read_u32le(&r, &middle) || lead != INFO_LEAD || middle != INFO_MIDDLE)
        return true;
    for (uint32_t i = 0; i < table->cluster_count; i++)
        free_clusters += get_link(table, i + FIRST_CLUSTER) == 0;
    struct writer w = writer_over(info + INFO_FREE_OFFSET, 8);
    write_u32le(&w, free_clusters);
    write_u32le(&w, UINT32_MAX); /* where the next free one may be: not known */
    return disk_pwrite(fat->disk, info, sizeof(info), fat->info_offset_bytes, err);
}

bool fat_table_write(const struct fat_table *table, struct fat *fat, struct error *err)
{
    fat->window_size = 0;
    for (unsigned i = 0; i < fat->fat_copies; i++) {
        uint64_t offset = fat->fat_offset_bytes + i * fat->fat_length_bytes;
        if (!disk_pwrite(fat->disk, table->bytes->data, table->bytes->size, offset, err))
            return false;
    }
    return write_info(table, fat, err);
}
