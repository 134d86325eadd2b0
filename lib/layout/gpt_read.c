/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "core/reader.h"
#include "layout/gpt.h"
#include "layout/gpt_format.h"

#define ARRAY_LIMIT_BYTES ((uint64_t)1 << 20)
#define ENTRY_LIMIT_BYTES 4096
/* Nobody writes one of more than 92 bytes. */
#define HEADER_LIMIT_BYTES 512

/* UEFI 2.10, table 5.5. */
struct gpt_header {
    uint32_t revision;
    uint32_t header_bytes;
    uint32_t header_crc;
    uint32_t reserved;
    uint64_t my_lba;
    uint64_t alternate_lba;
    uint64_t first_usable_lba;
    uint64_t last_usable_lba;
    struct guid disk_guid;
    uint64_t entries_lba;
    uint32_t entry_slots;
    uint32_t entry_bytes;
    uint32_t entries_crc;
};

static bool has_signature(const uint8_t *block)
{
    return memcmp(block, GPT_SIGNATURE, strlen(GPT_SIGNATURE)) == 0;
}

static bool parse_header(const uint8_t *block, struct gpt_header *h)
{
    struct reader r = reader_over(block, HEADER_LIMIT_BYTES);

    return has_signature(block) && reader_skip(&r, strlen(GPT_SIGNATURE)) &&
           read_u32le(&r, &h->revision) && read_u32le(&r, &h->header_bytes) &&
           read_u32le(&r, &h->header_crc) && read_u32le(&r, &h->reserved) &&
           read_u64le(&r, &h->my_lba) && read_u64le(&r, &h->alternate_lba) &&
           read_u64le(&r, &h->first_usable_lba) && read_u64le(&r, &h->last_usable_lba) &&
           read_bytes(&r, h->disk_guid.bytes, sizeof(h->disk_guid.bytes)) &&
           read_u64le(&r, &h->entries_lba) && read_u32le(&r, &h->entry_slots) &&
           read_u32le(&r, &h->entry_bytes) && read_u32le(&r, &h->entries_crc);
}

/* UEFI 2.10, 5.3.2: the CRC covers HeaderSize bytes, its own field taken as zero. */
static bool header_crc_matches(const uint8_t *block, const struct gpt_header *h)
{
    uint8_t copy[HEADER_LIMIT_BYTES];

    if (h->header_bytes < GPT_HEADER_BYTES || h->header_bytes > HEADER_LIMIT_BYTES)
        return false;
    memcpy(copy, block, sizeof(copy));
    memset(copy + GPT_HEADER_CRC_OFFSET, 0, sizeof(uint32_t));
    return gpt_crc32(copy, h->header_bytes) == h->header_crc;
}

/* A disk as its partition table counts it. */
struct blocks {
    struct disk *disk;
    uint32_t bytes; /* of a block */
    uint64_t count;
};

static bool read_at_lba(const struct blocks *blocks, uint64_t lba, void *out, size_t size,
                        struct error *err)
{
    return disk_pread(blocks->disk, out, size, lba * blocks->bytes, err);
}

/* What makes a header invalid, so that the other copy counts: UEFI 2.10, 5.3.2. */
static bool read_header(const struct blocks *blocks, uint64_t lba, struct gpt_header *h,
                        struct error *err)
{
    uint8_t block[HEADER_LIMIT_BYTES];

    if (!read_at_lba(blocks, lba, block, sizeof(block), err))
        return false;
    if (!parse_header(block, h))
        return error_set(err, COLDSEAL_UNSUPPORTED, "no GPT header at block %llu",
                         (unsigned long long)lba);
    if (!header_crc_matches(block, h))
        return error_set(err, COLDSEAL_BAD_IMAGE, "the GPT header at block %llu is damaged (CRC)",
                         (unsigned long long)lba);
    if (h->my_lba != lba)
        return error_set(err, COLDSEAL_BAD_IMAGE, "the GPT header at block %llu says it is at %llu",
                         (unsigned long long)lba, (unsigned long long)h->my_lba);
    return true;
}

static uint64_t array_blocks(const struct gpt_header *h, const struct blocks *blocks)
{
    uint64_t bytes = (uint64_t)h->entry_slots * h->entry_bytes;

    return (bytes + blocks->bytes - 1) / blocks->bytes;
}

static struct bytes *read_array(const struct blocks *blocks, const struct gpt_header *h,
                                struct error *err)
{
    uint64_t size = (uint64_t)h->entry_slots * h->entry_bytes;

    if (size == 0 || size > ARRAY_LIMIT_BYTES ||
        !range_within(h->entries_lba, array_blocks(h, blocks), blocks->count)) {
        error_set(err, COLDSEAL_BAD_IMAGE,
                  "GPT with %u entries of %u bytes at block %llu: outside the disk or too large",
                  h->entry_slots, h->entry_bytes, (unsigned long long)h->entries_lba);
        return NULL;
    }
    OWNED(bytes) array = bytes_new((size_t)size, err);
    if (array == NULL || !read_at_lba(blocks, h->entries_lba, array->data, array->size, err))
        return NULL;
    if (gpt_crc32(array->data, array->size) != h->entries_crc) {
        error_set(err, COLDSEAL_BAD_IMAGE, "the GPT entries at block %llu are damaged (CRC)",
                  (unsigned long long)h->entries_lba);
        return NULL;
    }
    return TAKE(array);
}

/* What a header that is intact may still get wrong: then the disk is refused. */
static bool check_header(const struct gpt_header *h, const struct blocks *blocks, struct error *err)
{
    if (h->revision != GPT_REVISION)
        return error_set(err, COLDSEAL_UNSUPPORTED, "GPT revision 0x%x", h->revision);
    /* UEFI 2.10, table 5.5: 128 × 2^n. */
    if (h->entry_bytes < GPT_ENTRY_BYTES || h->entry_bytes > ENTRY_LIMIT_BYTES ||
        !is_power_of_two(h->entry_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE, "GPT entry size %u", h->entry_bytes);
    if (h->last_usable_lba >= blocks->count)
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "the GPT is for a larger disk (last usable block %llu of %llu): "
                         "the image has been cut off",
                         (unsigned long long)h->last_usable_lba, (unsigned long long)blocks->count);
    if (h->first_usable_lba < 2 || h->first_usable_lba > h->last_usable_lba)
        return error_set(err, COLDSEAL_BAD_IMAGE, "GPT: usable blocks from %llu to %llu",
                         (unsigned long long)h->first_usable_lba,
                         (unsigned long long)h->last_usable_lba);
    if (h->entries_lba < 2 || (h->entries_lba <= h->last_usable_lba &&
                               h->entries_lba + array_blocks(h, blocks) > h->first_usable_lba))
        return error_set(err, COLDSEAL_BAD_IMAGE, "GPT entries lie among the usable blocks");
    return true;
}

/* UEFI 2.10, table 5.6. */
static bool parse_entry(struct reader *r, uint32_t entry_bytes, struct gpt_entry *entry)
{
    struct reader e;

    if (!read_sub(r, &e, entry_bytes) || !read_bytes(&e, entry->type.bytes, 16) ||
        !read_bytes(&e, entry->unique.bytes, 16) || !read_u64le(&e, &entry->first_lba) ||
        !read_u64le(&e, &entry->last_lba) || !read_u64le(&e, &entry->attributes))
        return false;
    for (size_t i = 0; i < GPT_NAME_UNITS; i++) {
        if (!read_u16le(&e, &entry->name[i]))
            return false;
    }
    return true;
}

static bool check_entry(const struct gpt *gpt, const struct gpt_entry *entry, struct error *err)
{
    if (entry->number > GPT_MAX_ENTRIES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "partition number %u is above %d",
                         entry->number, GPT_MAX_ENTRIES);
    if (entry->first_lba > entry->last_lba)
        return error_set(err, COLDSEAL_BAD_IMAGE, "partition %u ends before it begins",
                         entry->number);
    if (entry->first_lba < gpt->first_usable_lba || entry->last_lba > gpt->last_usable_lba)
        return error_set(err, COLDSEAL_BAD_IMAGE, "partition %u lies outside the usable blocks",
                         entry->number);
    return true;
}

static bool parse_entries(const struct bytes *array, uint32_t entry_bytes, struct gpt *gpt,
                          struct error *err)
{
    struct reader r = reader_over(array->data, array->size);
    struct gpt_entry entry;

    for (uint32_t i = 0; i < gpt->entry_slots; i++) {
        entry.number = i + 1;
        if (!parse_entry(&r, entry_bytes, &entry))
            return error_set(err, COLDSEAL_BAD_IMAGE, "GPT entry %u is cut off", i + 1);
        if (guid_is_zero(&entry.type))
            continue;
        if (!check_entry(gpt, &entry, err))
            return false;
        gpt->entries[gpt->entry_count++] = entry;
    }
    return true;
}

static int compare_place(const void *a, const void *b)
{
    const struct gpt_entry *x = *(const struct gpt_entry *const *)a;
    const struct gpt_entry *y = *(const struct gpt_entry *const *)b;

    return x->first_lba < y->first_lba ? -1 : x->first_lba > y->first_lba;
}

static bool check_overlap(const struct gpt *gpt, struct error *err)
{
    const struct gpt_entry *order[GPT_MAX_ENTRIES];

    for (uint32_t i = 0; i < gpt->entry_count; i++)
        order[i] = &gpt->entries[i];
    qsort(order, gpt->entry_count, sizeof(order[0]), compare_place);
    for (uint32_t i = 1; i < gpt->entry_count; i++) {
        if (order[i]->first_lba <= order[i - 1]->last_lba)
            return error_set(err, COLDSEAL_BAD_IMAGE, "partitions %u and %u overlap",
                             order[i - 1]->number, order[i]->number);
    }
    return true;
}

static bool interpret(const struct gpt_header *h, const struct bytes *array,
                      const struct blocks *blocks, struct gpt *gpt, struct error *err)
{
    if (!check_header(h, blocks, err))
        return false;
    memset(gpt, 0, sizeof(*gpt));
    gpt->block_bytes = blocks->bytes;
    gpt->disk_guid = h->disk_guid;
    gpt->disk_blocks = blocks->count;
    gpt->first_usable_lba = h->first_usable_lba;
    gpt->last_usable_lba = h->last_usable_lba;
    gpt->entry_slots = h->entry_slots;
    gpt->from_backup = h->my_lba != 1;
    return parse_entries(array, h->entry_bytes, gpt, err) && check_overlap(gpt, err);
}

/* UEFI 2.10, 5.2.3: a GPT counts only behind a protective MBR. An MBR that has partitions, none of
 * them protective, is what such a disk is read by, and the GPT a leftover. Other entries beside the
 * protective one (a hybrid MBR) are ignored, and so is an empty MBR, which gets rewritten. */
static bool check_mbr(struct disk *disk, struct error *err)
{
    uint8_t mbr[MBR_BYTES];
    bool used = false;

    if (!disk_pread(disk, mbr, sizeof(mbr), 0, err))
        return false;
    if (mbr[MBR_SIGNATURE_OFFSET] != 0x55 || mbr[MBR_SIGNATURE_OFFSET + 1] != 0xaa)
        return true;
    for (size_t i = 0; i < MBR_ENTRIES; i++) {
        uint8_t type = mbr[MBR_TABLE_OFFSET + i * MBR_ENTRY_BYTES + MBR_TYPE_OFFSET];
        if (type == MBR_TYPE_PROTECTIVE)
            return true;
        used = used || type != 0;
    }
    if (used)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the disk has an MBR partition table, not a GPT");
    return true;
}

static bool signature_at(struct disk *disk, uint64_t offset, bool *there, struct error *err)
{
    uint8_t start[sizeof(GPT_SIGNATURE) - 1];

    *there = false;
    if (!range_within(offset, sizeof(start), disk_size(disk)))
        return true;
    if (!disk_pread(disk, start, sizeof(start), offset, err))
        return false;
    *there = has_signature(start);
    return true;
}

/* The size of a block is written nowhere: it is where the header is, the primary's first. */
static bool find_block_size(struct disk *disk, uint32_t *block_bytes, struct error *err)
{
    const uint64_t last = round_down(disk_size(disk), GPT_LARGE_BLOCK_BYTES);
    const struct {
        uint64_t offset;
        uint32_t block_bytes;
    } places[] = {
        {GPT_SMALL_BLOCK_BYTES, GPT_SMALL_BLOCK_BYTES},
        {GPT_LARGE_BLOCK_BYTES, GPT_LARGE_BLOCK_BYTES},
        {round_down(disk_size(disk), GPT_SMALL_BLOCK_BYTES) - GPT_SMALL_BLOCK_BYTES,
         GPT_SMALL_BLOCK_BYTES},
        {last - GPT_LARGE_BLOCK_BYTES, GPT_LARGE_BLOCK_BYTES},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        bool there;
        if (!signature_at(disk, places[i].offset, &there, err))
            return false;
        if (there) {
            *block_bytes = places[i].block_bytes;
            return true;
        }
    }
    return error_set(err, COLDSEAL_UNSUPPORTED, "the disk has no GPT partition table");
}

/* The copy whose header is at `lba`, when it is intact. */
static struct bytes *read_copy(const struct blocks *blocks, uint64_t lba, struct gpt_header *h,
                               struct error *err)
{
    return read_header(blocks, lba, h, err) ? read_array(blocks, h, err) : NULL;
}

static struct bytes *read_either(const struct blocks *blocks, struct gpt_header *h,
                                 struct error *err)
{
    struct error backup = {0};
    OWNED(bytes) array = read_copy(blocks, 1, h, err);

    if (array != NULL || err->code == COLDSEAL_IO)
        return TAKE(array);
    array = read_copy(blocks, blocks->count - 1, h, &backup);
    if (array == NULL && err->code == COLDSEAL_UNSUPPORTED)
        *err = backup;
    return TAKE(array);
}

bool gpt_read(struct disk *disk, struct gpt *gpt, struct error *err)
{
    struct blocks blocks = {.disk = disk};
    struct gpt_header h;

    if (disk_size(disk) < 2 * gpt_first_free_lba(GPT_SMALL_BLOCK_BYTES) * GPT_SMALL_BLOCK_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "a disk of %llu bytes is too small for a GPT",
                         (unsigned long long)disk_size(disk));
    if (!check_mbr(disk, err) || !find_block_size(disk, &blocks.bytes, err))
        return false;
    blocks.count = disk_size(disk) / blocks.bytes;
    OWNED(bytes) array = read_either(&blocks, &h, err);
    return array != NULL && interpret(&h, array, &blocks, gpt, err);
}

static bool same_entry(const struct gpt_entry *a, const struct gpt_entry *b)
{
    return a->number == b->number && guid_equal(&a->type, &b->type) &&
           guid_equal(&a->unique, &b->unique) && a->first_lba == b->first_lba &&
           a->last_lba == b->last_lba && a->attributes == b->attributes &&
           memcmp(a->name, b->name, sizeof(a->name)) == 0;
}

static bool same_table(const struct gpt *a, const struct gpt *b)
{
    bool same = guid_equal(&a->disk_guid, &b->disk_guid) && a->entry_count == b->entry_count &&
                a->first_usable_lba == b->first_usable_lba &&
                a->last_usable_lba == b->last_usable_lba;

    for (uint32_t i = 0; same && i < a->entry_count; i++)
        same = same_entry(&a->entries[i], &b->entries[i]);
    return same;
}

bool gpt_backup_agrees(struct disk *disk, const struct gpt *gpt, bool *agrees, struct error *err)
{
    const struct blocks blocks = {disk, gpt->block_bytes, gpt->disk_blocks};
    OWNED_PTR(struct gpt) backup = calloc(1, sizeof(*backup));
    struct error why = {0};
    struct gpt_header h;

    if (backup == NULL)
        return error_no_memory(err);
    OWNED(bytes) array = read_copy(&blocks, blocks.count - 1, &h, &why);
    *agrees =
        array != NULL && interpret(&h, array, &blocks, backup, &why) && same_table(gpt, backup);
    if (why.code != COLDSEAL_IO)
        return true;
    *err = why;
    return false;
}
