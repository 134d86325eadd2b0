/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "core/writer.h"
#include "layout/gpt.h"
#include "layout/gpt_format.h"

/* UEFI 2.10, 5.2.3, table 5.4. */
static void build_protective_mbr(uint8_t mbr[GPT_BLOCK_BYTES], uint64_t disk_blocks,
                                 const uint8_t *mbr_code)
{
    struct writer w = writer_over(mbr, GPT_BLOCK_BYTES);

    memset(mbr, 0, GPT_BLOCK_BYTES);
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

static void build_header(uint8_t block[GPT_BLOCK_BYTES], const struct gpt *gpt,
                         const struct header_place *place, uint32_t entries_crc)
{
    struct writer w = writer_over(block, GPT_BLOCK_BYTES);

    memset(block, 0, GPT_BLOCK_BYTES);
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
    if (gpt->block_bytes != GPT_BLOCK_BYTES || gpt->disk_blocks < 2 * GPT_FIRST_FREE_LBA ||
        gpt->disk_blocks > disk_size(disk) / GPT_BLOCK_BYTES ||
        gpt->first_usable_lba < GPT_FIRST_FREE_LBA ||
        gpt->last_usable_lba >= gpt->disk_blocks - 1 - GPT_ARRAY_BLOCKS)
        return error_set(err, COLDSEAL_BUG, "a GPT that leaves no room for itself");
    return true;
}

bool gpt_write(struct disk *disk, const struct gpt *gpt, const uint8_t *mbr_code, struct error *err)
{
    uint8_t mbr[GPT_BLOCK_BYTES];
    uint8_t header[GPT_BLOCK_BYTES];
    uint64_t last_lba = gpt->disk_blocks - 1;
    const struct header_place primary = {1, last_lba, 2};
    const struct header_place backup = {last_lba, 1, last_lba - GPT_ARRAY_BLOCKS};

    if (!check_writable(disk, gpt, err))
        return false;
    OWNED(bytes) array = bytes_new(GPT_ARRAY_BYTES, err);
    if (array == NULL || !build_array(array->data, gpt, err))
        return false;
    uint32_t crc = gpt_crc32(array->data, array->size);
    build_header(header, gpt, &backup, crc);
    if (!disk_pwrite(disk, array->data, array->size, backup.entries_lba * GPT_BLOCK_BYTES, err) ||
        !disk_pwrite(disk, header, sizeof(header), last_lba * GPT_BLOCK_BYTES, err))
        return error_wrap(err, "write the backup GPT");
    build_header(header, gpt, &primary, crc);
    build_protective_mbr(mbr, gpt->disk_blocks, mbr_code);
    if (!disk_pwrite(disk, array->data, array->size, primary.entries_lba * GPT_BLOCK_BYTES, err) ||
        !disk_pwrite(disk, header, sizeof(header), GPT_BLOCK_BYTES, err) ||
        !disk_pwrite(disk, mbr, sizeof(mbr), 0, err))
        return error_wrap(err, "write the GPT");
    return true;
}
