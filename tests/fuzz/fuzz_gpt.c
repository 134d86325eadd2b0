/* SPDX-License-Identifier: Apache-2.0 */
/* A disk whose first blocks are the input and whose last 33 are its tail: GPT, then plan, then the
 * planned GPT written and read again. The first byte chooses: bit 0 a LUKS header, bit 7 CRCs made
 * right, since hardly any input gets past them otherwise, the rest the number of root. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/bytes.h"
#include "core/checked.h"
#include "fuzz.h"
#include "image/open.h"
#include "layout/plan.h"

#define DISK_BYTES ((uint64_t)2 << 20)
#define HEAD_BYTES ((size_t)34 * 512)
#define TAIL_BYTES ((size_t)33 * 512)

static void write_planned(const struct plan *plan)
{
    struct error err = {0};
    struct gpt again;
    OWNED(disk) disk = memory_disk_new(plan->disk_size_bytes, &err);

    if (disk == NULL)
        return;
    if (!gpt_write(disk, &plan->gpt, plan->mbr_code, &err) || !gpt_read(disk, &again, &err) ||
        again.entry_count != plan->gpt.entry_count)
        abort();
}

/* The plan's promises, for any table that is accepted. */
static void check_plan(const struct plan *plan)
{
    uint64_t end = 0;

    for (uint32_t i = 0; i < plan->count; i++) {
        const struct gpt_entry *entry = &plan->partitions[i].entry;
        if (entry->first_lba < end || entry->last_lba < entry->first_lba ||
            entry->last_lba > plan->gpt.last_usable_lba)
            abort();
        end = entry->last_lba + 1;
    }
    if (plan->root != plan->count - 1)
        abort();
}

static void plan_table(const struct gpt *gpt, uint8_t how)
{
    struct error err = {0};
    struct plan plan;
    struct plan_request request = {.header_bytes = (how & 1) != 0 ? PLAN_ALIGN_BYTES : 0};
    OWNED(partition_table) table = calloc(1, sizeof(*table));

    if (table == NULL)
        return;
    table->gpt = *gpt;
    table->count = gpt->entry_count;
    for (uint32_t i = 0; i < table->count; i++) {
        table->partitions[i].entry = gpt->entries[i];
        bool is_esp = guid_equal(&gpt->entries[i].type, &gpt_type_esp);
        strcpy(table->partitions[i].volume.type, is_esp ? "vfat" : "ext4");
    }
    table->root_number = how >> 1 & 0x3f;
    partition_roles_settle(table);
    if (!plan_make(table, &request, &plan, &err))
        return;
    check_plan(&plan);
    if (plan.disk_size_bytes <= 4 * DISK_BYTES)
        write_planned(&plan);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_crc(uint8_t *at, const uint8_t *data, size_t size)
{
    uint32_t crc = (uint32_t)crc32_z(0, data, size);

    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(crc >> (8 * i));
}

/* Of the primary copy, its array taken to stand at block 2. */
static void fix_crcs(struct disk *disk)
{
    struct error err = {0};
    OWNED(bytes) head = bytes_new(HEAD_BYTES, &err);

    if (head == NULL || !disk_pread(disk, head->data, HEAD_BYTES, 0, &err))
        abort();
    uint8_t *header = head->data + 512;
    uint64_t array_bytes = (uint64_t)get_u32(header + 80) * get_u32(header + 84);
    if (array_bytes <= HEAD_BYTES - 1024)
        put_crc(header + 88, head->data + 1024, (size_t)array_bytes);
    size_t header_bytes = get_u32(header + 12);
    memset(header + 16, 0, 4);
    if (header_bytes <= 512)
        put_crc(header + 16, header, header_bytes);
    if (!disk_pwrite(disk, head->data, HEAD_BYTES, 0, &err))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct gpt gpt;
    OWNED(disk) disk = memory_disk_new(DISK_BYTES, &err);

    if (disk == NULL || size < 1)
        return 0;
    uint8_t how = data[0];
    data++;
    size--;
    size_t head = (size_t)min_u64(size, HEAD_BYTES);
    size_t tail = (size_t)min_u64(size - head, TAIL_BYTES);
    if (!disk_pwrite(disk, data, head, 0, &err) ||
        !disk_pwrite(disk, data + head, tail, DISK_BYTES - tail, &err))
        abort();
    if ((how & 0x80) != 0)
        fix_crcs(disk);
    if (gpt_read(disk, &gpt, &err))
        plan_table(&gpt, how);
    return 0;
}
