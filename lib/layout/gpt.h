/* SPDX-License-Identifier: Apache-2.0 */
/* GUID partition tables: UEFI 2.10, clause 5.3. */
#ifndef LAYOUT_GPT_H
#define LAYOUT_GPT_H

#include "core/guid.h"
#include "image/disk.h"

#define GPT_MAX_ENTRIES 128
#define GPT_NAME_UNITS 36
#define MBR_CODE_BYTES 440

struct gpt_entry {
    uint32_t number; /* counts from 1, as in /dev/vda1 */
    struct guid type;
    struct guid unique;
    uint64_t first_lba;
    uint64_t last_lba; /* inclusive */
    uint64_t attributes;
    uint16_t name[GPT_NAME_UNITS]; /* UTF-16 */
};

struct gpt {
    uint32_t block_bytes; /* 512 or 4096 */
    struct guid disk_guid;
    uint64_t disk_blocks;
    uint64_t first_usable_lba;
    uint64_t last_usable_lba;
    uint32_t entry_slots; /* of the array that was read; 128 are written */
    uint32_t entry_count; /* used ones below, sorted by number */
    struct gpt_entry entries[GPT_MAX_ENTRIES];
    bool from_backup; /* the primary copy is damaged, the backup was read */
};

extern const struct guid gpt_type_esp;         /* C12A7328-F81F-11D2-BA4B-00A0C93EC93B */
extern const struct guid gpt_type_bios_boot;   /* 21686148-6449-6E6F-744E-656564454649 */
extern const struct guid gpt_type_xbootldr;    /* BC13C2FF-59E6-4262-A352-B275FD6F7172 */
extern const struct guid gpt_type_linux_data;  /* 0FC63DAF-8483-4772-8E79-3D69D8477DE4 */
extern const struct guid gpt_type_root_x86_64; /* 4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709 */
extern const struct guid gpt_type_root_arm64;  /* B921B045-1DF0-41C3-AF44-4C6F280D3FAE */

/* The primary copy, or the backup at the disk's end where the primary's signature, place or CRCs
 * are wrong. Overlapping entries, entries outside the usable range, a GPT for a larger disk:
 * COLDSEAL_BAD_IMAGE; no GPT at all, an MBR disk: COLDSEAL_UNSUPPORTED. A backup that is missing or
 * elsewhere (a disk that was grown) is not an error. The size of a block is the one that the
 * header's place shows. */
bool gpt_read(struct disk *disk, struct gpt *gpt, struct error *err);
/* Whether the backup, in the disk's last block, is intact and says what `gpt` says. False and err
 * only where it cannot be read. */
bool gpt_backup_agrees(struct disk *disk, const struct gpt *gpt, bool *agrees, struct error *err);
/* Protective MBR (boot code in `mbr_code`, MBR_CODE_BYTES, or NULL), both headers and arrays, for
 * gpt->disk_blocks. */
bool gpt_write(struct disk *disk, const struct gpt *gpt, const uint8_t *mbr_code,
               struct error *err);

/* Less is not worth a new partition table. */
#define GPT_GROWTH_LEAST_BYTES ((uint64_t)1 << 20)
/* Lets partition `number`, which must be the last one on the disk, end where a disk of
 * gpt->disk_blocks ends, its length a multiple of `multiple_bytes`. *grown is false, and nothing
 * changed, where there is no more room. COLDSEAL_UNSUPPORTED. */
bool gpt_grow_last(struct gpt *gpt, uint32_t number, uint64_t multiple_bytes, bool *grown,
                   struct error *err);

/* Borrowed; NULL when there is none of that number. */
const struct gpt_entry *gpt_find(const struct gpt *gpt, uint32_t number);
uint64_t gpt_entry_offset(const struct gpt *gpt, const struct gpt_entry *entry);
uint64_t gpt_entry_length(const struct gpt *gpt, const struct gpt_entry *entry);
/* The bytes that gpt_write() touches, for image_output_request.allocated. */
struct gpt_areas {
    uint64_t primary_length_bytes; /* from byte 0 */
    uint64_t backup_offset_bytes;  /* to the end of the disk */
};
struct gpt_areas gpt_written_areas(const struct gpt *gpt);

#endif
