/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/plan.h"

static bool read_partition(struct disk *disk, const struct gpt *gpt, const struct gpt_entry *entry,
                           struct partition *partition, struct error *err)
{
    partition->entry = *entry;
    if (!volume_probe(disk, gpt_entry_offset(gpt, entry), gpt_entry_length(gpt, entry),
                      &partition->volume, err))
        return error_wrap(err, "partition %u", entry->number);
    return true;
}

static bool read_partitions(struct disk *disk, struct partition_table *table, struct error *err)
{
    for (uint32_t i = 0; i < table->gpt.entry_count; i++) {
        if (!read_partition(disk, &table->gpt, &table->gpt.entries[i], &table->partitions[i], err))
            return false;
    }
    table->count = table->gpt.entry_count;
    return true;
}

struct partition_table *partition_table_read(struct disk *disk, uint32_t root_number,
                                             struct error *err)
{
    OWNED(partition_table) table = calloc(1, sizeof(*table));

    if (table == NULL)
        return error_no_memory(err), NULL;
    if (!gpt_read(disk, &table->gpt, err) ||
        !disk_pread(disk, table->mbr_code, sizeof(table->mbr_code), 0, err))
        return NULL;
    if (root_number != 0 && gpt_find(&table->gpt, root_number) == NULL) {
        error_set(err, COLDSEAL_USAGE, "--root-partition: there is no partition %u", root_number);
        return NULL;
    }
    if (!read_partitions(disk, table, err))
        return NULL;
    table->root_number = root_number;
    partition_roles_settle(table);
    return TAKE(table);
}

void partition_table_free(struct partition_table *table)
{
    free(table);
}
