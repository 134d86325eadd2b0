/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "core/writer.h"
#include "layout/gpt.h"
#include "layout/gpt_format.h"

/* UEFI 2.10, 5.2.3, table 5.4. */
static void build_protective_mbr(uint8_t *mbr, uint64_t disk_blocks, const uint8_t *mbr_code)
{
    struct writer w = writer_over(mbr, MBR_BYTES);

    if (mbr_code != NULL)
        write_bytes(&w, mbr_code, MBR_CODE_BYTES);
    w.position = MBR_TABLE_OFFSET;
    write_u8(&w, 0);
    write_bytes(&w, "\x00\x02\x00", 3); /* cylinder 0, head 0, sector 2 */
    write_u8(&w, MBR_TYPE_PROTECTIVE);
    write_bytes(&w, "\xff\xff\xff", 3); /* beyond what the field can say */
    write_u32le(&w, 1);
    write_u32le(&w, (uint32_t)min_u64(disk_blocks - 1, UINT32_MAX));
    w.position = MBR_SIGNATURE_OFFSET;
    write_bytes(&w, "\x55\xaa", 2);
}

static void build_entry(uint8_t *at, const struct gpt_entry *entry)
{
    struct writer w = writer_over(at, GPT_ENTRY_BYTES);

    write_bytes(&w, entry->type.bytes, sizeof(entry->type.bytes));
    write_bytes(&w, entry->unique.bytes, sizeof(entry->unique.bytes));
    write_u64le(&w, entry->first_lba);
    write_u64le(&w, entry->last_lba);
    write_u64le(&w, entry->attributes);
    for (size_t i = 0; i < GPT_NAME_UNITS; i++)
        write_u16le(&w, entry->name[i]);
}

static bool build_array(uint8_t *array, const struct gpt *gpt, struct error *err)
{
    for (uint32_t i = 0; i < gpt->entry_count; i++) {
        const struct gpt_entry *entry = &gpt->entries[i];
        if (entry->number < 1 || entry->number > GPT_MAX_ENTRIES)
            return error_set(err, COLDSEAL_BUG, "partition number %u in a GPT to write",
                             entry->number);
        build_entry(array + (size_t)(entry->number - 1) * GPT_ENTRY_BYTES, entry);
    }
    return true;
}

struct header_place {
    uint64_t my_lba;
    uint64_t alternate_lba;
    uint64_t entries_lba;
};

static void build_header(uint8_t *block, const struct gpt *gpt, const struct header_place *place,
                         uint32_t entries_crc)
{
    struct writer w = writer_over(block, GPT_HEADER_BYTES);

    write_bytes(&w, GPT_SIGNATURE, strlen(GPT_SIGNATURE));
    write_u32le(&w, GPT_REVISION);
    write_u32le(&w, GPT_HEADER_BYTES);
    write_u32le(&w, 0);
    write_u32le(&w, 0);
    write_u64le(&w, place->my_lba);
    write_u64le(&w, place->alternate_lba);
    write_u64le(&w, gpt->first_usable_lba);
    write_u64le(&w, gpt->last_usable_lba);
    write_bytes(&w, gpt->disk_guid.bytes, sizeof(gpt->disk_guid.bytes));
    write_u64le(&w, place->entries_lba);
    write_u32le(&w, GPT_MAX_ENTRIES);
    write_u32le(&w, GPT_ENTRY_BYTES);
    write_u32le(&w, entries_crc);
    w.position = GPT_HEADER_CRC_OFFSET;
    write_u32le(&w, gpt_crc32(block, GPT_HEADER_BYTES));
}

static bool check_writable(struct disk *disk, const struct gpt *gpt, struct error *err)
{
    uint64_t first_free_lba = gpt_first_free_lba(gpt->block_bytes);

    if (gpt->disk_blocks < 2 * first_free_lba ||
        gpt->disk_blocks > disk_size(disk) / gpt->block_bytes ||
        gpt->first_usable_lba < first_free_lba ||
        gpt->last_usable_lba >= gpt->disk_blocks - 1 - gpt_array_blocks(gpt->block_bytes))
        return error_set(err, COLDSEAL_BUG, "a GPT that leaves no room for itself");
    return true;
}

/* One block with the header, from memory that is zero. */
static struct bytes *new_header(const struct gpt *gpt, const struct header_place *place,
                                uint32_t entries_crc, struct error *err)
{
    OWNED(bytes) block = bytes_new(gpt->block_bytes, err);

    if (block != NULL)
        build_header(block->data, gpt, place, entries_crc);
    return TAKE(block);
}

static bool write_at_lba(struct disk *disk, const struct gpt *gpt, const struct bytes *what,
                         uint64_t lba, struct error *err)
{
    return disk_pwrite(disk, what->data, what->size, lba * gpt->block_bytes, err);
}

bool gpt_write(struct disk *disk, const struct gpt *gpt, const uint8_t *mbr_code, struct error *err)
{
    uint64_t last_lba = gpt->disk_blocks - 1;
    const struct header_place primary = {1, last_lba, 2};
    const struct header_place backup = {last_lba, 1, last_lba - gpt_array_blocks(gpt->block_bytes)};

    if (!check_writable(disk, gpt, err))
        return false;
    OWNED(bytes) array = bytes_new(GPT_ARRAY_BYTES, err);
    OWNED(bytes) mbr = bytes_new(gpt->block_bytes, err);
    if (array == NULL || mbr == NULL || !build_array(array->data, gpt, err))
        return false;
    uint32_t crc = gpt_crc32(array->data, array->size);
    OWNED(bytes) backup_header = new_header(gpt, &backup, crc, err);
    OWNED(bytes) primary_header = new_header(gpt, &primary, crc, err);
    if (backup_header == NULL || primary_header == NULL)
        return false;
    build_protective_mbr(mbr->data, gpt->disk_blocks, mbr_code);
    if (!write_at_lba(disk, gpt, array, backup.entries_lba, err) ||
        !write_at_lba(disk, gpt, backup_header, backup.my_lba, err))
        return error_wrap(err, "write the backup GPT");
    if (!write_at_lba(disk, gpt, array, primary.entries_lba, err) ||
        !write_at_lba(disk, gpt, primary_header, primary.my_lba, err) ||
        !write_at_lba(disk, gpt, mbr, 0, err))
        return error_wrap(err, "write the GPT");
    return true;
}
