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
    uint8_t mbr_code[440];
    uint32_t count;
    struct partition partitions[GPT_MAX_ENTRIES]; /* in order of number */
};

/* Reads GPT, probes every partition and settles the roles. `root_number` 0 finds root: LUKS2 of
 * ours, label cloudimg-rootfs, the root type GUID, else the only Linux file system that is not
 * /boot. Finds nothing wrong with a missing root; plan_* and encrypt do. */
bool partition_table_read(struct disk *disk, uint32_t root_number, struct partition_table *table,
                          struct error *err);
void partition_table_free(struct partition_table *table);
DEFINE_OWNED(partition_table);
/* Borrowed; NULL when there is none. */
const struct partition *partition_by_role(const struct partition_table *table,
                                          enum partition_role role);

struct plan_request {
    uint64_t header_bytes;    /* room before root's data: LUKS_HEADER_BYTES, or 0 */
    uint64_t disk_size_bytes; /* 0: as small as it can be */
    uint64_t align_bytes;     /* of the disk's size; 0: PLAN_ALIGN_BYTES */
    bool need_boot;           /* a /boot partition must be there */
};

struct planned_partition {
    struct gpt_entry entry;
    enum partition_role role;
    uint64_t source_offset_bytes;
    uint64_t source_length_bytes;
    uint64_t target_offset_bytes; /* of the data: behind the LUKS header for root */
};

struct plan {
    struct gpt gpt;
    uint8_t mbr_code[440];
    uint64_t disk_size_bytes;
    uint32_t count;
    struct planned_partition partitions[GPT_MAX_ENTRIES]; /* in order of place on the disk */
    uint32_t root;                                        /* indices into partitions */
    uint32_t esp;
    uint32_t boot; /* == count when there is none */
};

/* Root goes last, is longer by the header and rounded up to LUKS_SECTOR_BYTES; the others keep
 * their order, and their place where root's moving leaves it free. Missing ESP, missing or doubtful
 * root (names --root-partition), root already LUKS: COLDSEAL_UNSUPPORTED with the reason; a disk
 * size that is too small: COLDSEAL_USAGE, says the least. */
bool plan_make(const struct partition_table *table, const struct plan_request *request,
               struct plan *plan, struct error *err);

#endif
