/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/gpt.h"

#include <string.h>
#include <zlib.h>

#include "layout/gpt_format.h"

const struct guid gpt_type_esp = {{0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00,
                                   0xa0, 0xc9, 0x3e, 0xc9, 0x3b}};
const struct guid gpt_type_bios_boot = {{0x48, 0x61, 0x68, 0x21, 0x49, 0x64, 0x6f, 0x6e, 0x74, 0x4e,
                                         0x65, 0x65, 0x64, 0x45, 0x46, 0x49}};
const struct guid gpt_type_xbootldr = {{0xff, 0xc2, 0x13, 0xbc, 0xe6, 0x59, 0x62, 0x42, 0xa3, 0x52,
                                        0xb2, 0x75, 0xfd, 0x6f, 0x71, 0x72}};
const struct guid gpt_type_linux_data = {{0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e,
                                          0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4}};
const struct guid gpt_type_root_x86_64 = {{0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d, 0x96,
                                           0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7, 0x09}};
const struct guid gpt_type_root_arm64 = {{0x45, 0xb0, 0x21, 0xb9, 0xf0, 0x1d, 0xc3, 0x41, 0xaf,
                                          0x44, 0x4c, 0x6f, 0x28, 0x0d, 0x3f, 0xae}};

uint32_t gpt_crc32(const void *data, size_t size)
{
    return (uint32_t)crc32_z(0, data, size);
}

const struct gpt_entry *gpt_find(const struct gpt *gpt, uint32_t number)
{
    for (uint32_t i = 0; i < gpt->entry_count; i++) {
        if (gpt->entries[i].number == number)
            return &gpt->entries[i];
    }
    return NULL;
}

uint64_t gpt_entry_offset(const struct gpt *gpt, const struct gpt_entry *entry)
{
    return entry->first_lba * gpt->block_bytes;
}

uint64_t gpt_entry_length(const struct gpt *gpt, const struct gpt_entry *entry)
{
    return (entry->last_lba - entry->first_lba + 1) * gpt->block_bytes;
}

struct gpt_areas gpt_written_areas(const struct gpt *gpt)
{
    uint64_t disk_bytes = gpt->disk_blocks * gpt->block_bytes;

    return (struct gpt_areas){
        .primary_length_bytes = gpt_first_free_lba(gpt->block_bytes) * gpt->block_bytes,
        .backup_offset_bytes = disk_bytes - gpt_backup_bytes(gpt->block_bytes),
    };
}
