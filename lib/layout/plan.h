/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: partitions in, partitions out. Pure: reads nothing, writes nothing. */
#ifndef LAYOUT_PLAN_H
#define LAYOUT_PLAN_H

#include "layout/gpt.h"
#include "layout/probe.h"

/* LUKS2 header of every image that coldseal writes. */
#define LUKS_HEADER_BYTES ((uint64_t)16 << 20)
#define LUKS_SECTOR_BYTES 4096
#define BOOT_PARTITION_NUMBER 16
#define BOOT_PARTITION_BYTES ((uint64_t)1 << 30)
#define PLAN_ALIGN_BYTES ((uint64_t)1 << 20)

enum partition_role {
    ROLE_OTHER,
    ROLE_BIOS_BOOT,
    ROLE_ESP,
    ROLE_BOOT,
    ROLE_ROOT,           /* plain */
    ROLE_ENCRYPTED_ROOT, /* LUKS2 */
};
const char *partition_role_name(enum partition_role role);

/* Input: a partition as found. */
struct partition {
    struct gpt_entry entry;
    struct volume volume;
    enum partition_role role;
};

struct partition_table {
    struct gpt gpt;
    uint8_t mbr_code[MBR_CODE_BYTES];
    uint32_t root_number; /* what the caller said, 0: nothing */
    uint32_t count;
    struct partition partitions[GPT_MAX_ENTRIES]; /* in order of number */
};

/* Reads GPT, probes every partition and settles the roles; the caller frees the result.
 * `root_number` 0 finds root: LUKS2 of ours, label cloudimg-rootfs, the root type GUID, else the
 * only Linux file system that is not /boot. Finds nothing wrong with a root that is missing or
 * doubtful (no partition has the role then); plan_* and encrypt do. COLDSEAL_USAGE for a
 * `root_number` that is not there. */
struct partition_table *partition_table_read(struct disk *disk, uint32_t root_number,
                                             struct error *err);
void partition_table_free(struct partition_table *table);
DEFINE_OWNED(partition_table);
/* Gives every partition its role from types and volumes; partition_table_read() has done it. */
void partition_roles_settle(struct partition_table *table);
/* Borrowed; NULL when there is none. */
const struct partition *partition_by_role(const struct partition_table *table,
                                          enum partition_role role);

struct plan_request {
    /* Room before root's data for a header: LUKS_HEADER_BYTES, or 0. */
    uint64_t header_bytes;
    /* Start of encrypted root that is left out, or 0; with both one header is put for another. */
    uint64_t drop_bytes;
    uint64_t disk_size_bytes; /* 0: as small as it can be */
    uint64_t align_bytes;     /* of the disk's size; 0: PLAN_ALIGN_BYTES */
    bool need_boot;           /* a /boot partition must be there */
};

struct planned_partition {
    struct gpt_entry entry;
    enum partition_role role;
    uint64_t source_offset_bytes; /* of the data: behind what is left out of root */
    uint64_t source_length_bytes;
    uint64_t target_offset_bytes; /* of the data: behind the LUKS header for root */
};

struct plan {
    struct gpt gpt;
    uint8_t mbr_code[MBR_CODE_BYTES];
    uint64_t disk_size_bytes;
    uint32_t count;
    struct planned_partition partitions[GPT_MAX_ENTRIES]; /* in order of place on the disk */
    uint32_t root;                                        /* indices into partitions */
    uint32_t esp;
    uint32_t boot; /* == count when there is none */
};

/* Root goes last, is longer by the header and rounded up to LUKS_SECTOR_BYTES; the others keep
 * their order. Those before root keep their place, those behind it move down into the room that it
 * leaves, except BIOS boot, which the MBR's code finds by its block number. GUIDs, types, names and
 * attributes stay, with one exception (see plan.c: an encrypted root has no discoverable root
 * type). Missing ESP, missing or doubtful root (names --root-partition), /boot asked for and
 * missing, root already LUKS where a header is to be made, a partition in LVM, a file system with
 * parts on other devices: COLDSEAL_UNSUPPORTED with the reason; a disk size that is too small:
 * COLDSEAL_USAGE, says the least. */
bool plan_make(const struct partition_table *table, const struct plan_request *request,
               struct plan *plan, struct error *err);

/* Where a /boot partition that is missing goes: behind all others, on a disk that is enlarged for
 * it. A later plan_make() puts root last again. */
struct plan_new_boot {
    uint32_t number; /* BOOT_PARTITION_NUMBER */
    uint64_t offset_bytes;
    uint64_t length_bytes; /* BOOT_PARTITION_BYTES */
    uint64_t disk_size_bytes;
};
/* COLDSEAL_UNSUPPORTED as plan_make(), and when there is a /boot or its number is taken. */
bool plan_new_boot(const struct partition_table *table, struct plan_new_boot *boot,
                   struct error *err);

#endif
