/* SPDX-License-Identifier: Apache-2.0 */
#include "core/checked.h"
#include "layout/gpt.h"
#include "layout/gpt_format.h"

static bool is_last(const struct gpt *gpt, const struct gpt_entry *entry)
{
    for (uint32_t i = 0; i < gpt->entry_count; i++) {
        if (gpt->entries[i].first_lba > entry->first_lba)
            return false;
    }
    return true;
}

bool gpt_grow_last(struct gpt *gpt, uint32_t number, uint64_t multiple_bytes, bool *grown,
                   struct error *err)
{
    struct gpt_entry *entry = NULL;
    uint64_t behind = gpt_backup_bytes(gpt->block_bytes) / gpt->block_bytes;

    *grown = false;
    for (uint32_t i = 0; i < gpt->entry_count; i++) {
        if (gpt->entries[i].number == number)
            entry = &gpt->entries[i];
    }
    if (entry == NULL || !is_last(gpt, entry))
        return error_set(err, COLDSEAL_UNSUPPORTED, "partition %u is not the last one", number);
    uint64_t length = gpt_entry_length(gpt, entry);
    if (gpt->disk_blocks <= behind + entry->first_lba)
        return true;
    uint64_t room = (gpt->disk_blocks - behind - entry->first_lba) * gpt->block_bytes;
    uint64_t longest = round_down(room, multiple_bytes);
    if (longest <= length || longest - length < GPT_GROWTH_LEAST_BYTES)
        return true;
    entry->last_lba = entry->first_lba + longest / gpt->block_bytes - 1;
    gpt->last_usable_lba = gpt->disk_blocks - behind - 1;
    *grown = true;
    return true;
}
