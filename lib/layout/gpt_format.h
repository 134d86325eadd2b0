/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that reading and writing share: UEFI 2.10, tables 5.3, 5.5 and 5.6. Private to layout/. */
#ifndef LAYOUT_GPT_FORMAT_H
#define LAYOUT_GPT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define GPT_SIGNATURE "EFI PART"
#define GPT_REVISION UINT32_C(0x00010000)
#define GPT_HEADER_BYTES 92
#define GPT_HEADER_CRC_OFFSET 16
#define GPT_SMALL_BLOCK_BYTES 512u
#define GPT_LARGE_BLOCK_BYTES 4096u
#define GPT_ENTRY_BYTES 128

/* What is written: 128 entries of 128 bytes, the least that clause 5.3.1 lets an array reserve. */
#define GPT_ARRAY_BYTES ((size_t)GPT_MAX_ENTRIES * GPT_ENTRY_BYTES)

static inline uint64_t gpt_array_blocks(uint32_t block_bytes)
{
    return GPT_ARRAY_BYTES / block_bytes;
}

/* Behind the MBR, the header and the array. */
static inline uint64_t gpt_first_free_lba(uint32_t block_bytes)
{
    return 2 + gpt_array_blocks(block_bytes);
}

/* What a GPT takes at the end of a disk: the array and the header. */
static inline uint64_t gpt_backup_bytes(uint32_t block_bytes)
{
    return (gpt_array_blocks(block_bytes) + 1) * block_bytes;
}

#define MBR_BYTES 512
#define MBR_TABLE_OFFSET 446
#define MBR_ENTRY_BYTES 16
#define MBR_ENTRIES 4
#define MBR_TYPE_OFFSET 4
#define MBR_SIGNATURE_OFFSET 510
#define MBR_TYPE_PROTECTIVE 0xee

uint32_t gpt_crc32(const void *data, size_t size);

#endif
