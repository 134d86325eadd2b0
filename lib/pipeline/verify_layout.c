/* SPDX-License-Identifier: Apache-2.0 */
/* verify: the file, the partition table, the partitions. */
#include <string.h>

#include "pipeline/verify.h"

#define ROOT_LABEL "cloudimg-rootfs"

static bool check_container(struct verification *work, struct error *err)
{
    const struct disk *disk = work->source->disk;
    const char *remainder = disk_remainder(disk);
    const char *backing = work->options->backing;

    if (remainder == NULL && backing != NULL)
        return checks_ok(&work->checks, "container", err,
                         "%s, nothing in it but what differs from %s", disk_format(disk), backing);
    return remainder == NULL ? checks_ok(&work->checks, "container", err,
                                         "%s, nothing in it but the disk", disk_format(disk))
                             : checks_failed(&work->checks, "container", err, "%s: %s",
                                             disk_format(disk), remainder);
}

static bool check_table(struct verification *work, struct error *err)
{
    const struct gpt *gpt = &work->source->table->gpt;
    bool agrees = false;

    if (gpt->from_backup)
        return checks_failed(&work->checks, "partition-table", err,
                             "the primary copy is damaged; the backup was read");
    if (!gpt_backup_agrees(work->source->disk, gpt, &agrees, err))
        return false;
    if (!agrees)
        return checks_failed(&work->checks, "partition-table", err,
                             "the backup at the disk's end is damaged or says something else");
    return checks_ok(&work->checks, "partition-table", err, "GPT, %u partitions, both copies agree",
                     gpt->entry_count);
}

static bool check_roles(struct verification *work, struct error *err)
{
    const struct partition_table *table = work->source->table;
    bool has_esp = partition_by_role(table, ROLE_ESP) != NULL;
    bool has_boot = partition_by_role(table, ROLE_BOOT) != NULL;

    if (has_esp && has_boot && work->root != NULL)
        return checks_ok(&work->checks, "partitions", err, "ESP, /boot and encrypted root");
    return checks_failed(&work->checks, "partitions", err, "missing:%s%s%s",
                         has_esp ? "" : " an ESP", has_boot ? "" : " a /boot partition",
                         work->root != NULL ? "" : " an encrypted root, or there are several");
}

static bool check_root_place(struct verification *work, struct error *err)
{
    const struct partition_table *table = work->source->table;
    const struct gpt_entry *root = &work->root->entry;

    for (uint32_t i = 0; i < table->count; i++) {
        const struct gpt_entry *entry = &table->partitions[i].entry;
        if (entry->last_lba > root->last_lba)
            return checks_failed(&work->checks, "root-last", err,
                                 "partition %u lies behind root, which so cannot grow",
                                 entry->number);
    }
    return checks_ok(&work->checks, "root-last", err, "root is the last partition on the disk");
}

/* A root type would make systemd's gpt-auto-generator, in an initramfs that is not ours, look at
 * it (lib/layout/plan.c gives an encrypted root another). */
static bool check_root_type(struct verification *work, struct error *err)
{
    const struct guid *type = &work->root->entry.type;

    if (guid_equal(type, &gpt_type_root_x86_64) || guid_equal(type, &gpt_type_root_arm64))
        return checks_failed(&work->checks, "root-type", err,
                             "root has a type by which systemd picks it up by itself");
    if (work->root_length_bytes % LUKS_SECTOR_BYTES != 0)
        return checks_failed(&work->checks, "root-type", err,
                             "root's length is no multiple of %d bytes: it cannot be mapped",
                             LUKS_SECTOR_BYTES);
    return checks_ok(&work->checks, "root-type", err, "no type that is mounted by itself");
}

/* What could be taken for our root: by its label, or because it is LUKS. */
static bool is_rival(const struct partition *p)
{
    return strncmp(p->volume.label, ROOT_LABEL, strlen(ROOT_LABEL)) == 0 ||
           strcmp(p->volume.type, "crypto_LUKS") == 0;
}

static bool check_one_root(struct verification *work, struct error *err)
{
    const struct partition_table *table = work->source->table;

    for (uint32_t i = 0; i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        if (p != work->root && is_rival(p))
            return checks_failed(&work->checks, "one-root", err,
                                 "partition %u (%s, label \"%s\") can be taken for root",
                                 p->entry.number, p->volume.type, p->volume.label);
    }
    return checks_ok(&work->checks, "one-root", err,
                     "no plain root, no second LUKS volume, no second \"" ROOT_LABEL "\"");
}

bool verify_layout(struct verification *work, struct error *err)
{
    work->root = partition_by_role(work->source->table, ROLE_ENCRYPTED_ROOT);
    if (work->root != NULL) {
        work->root_offset_bytes = partition_offset(work->source->table, work->root);
        work->root_length_bytes = partition_length(work->source->table, work->root);
    }
    if (!check_container(work, err) || !check_table(work, err) || !check_roles(work, err) ||
        !check_one_root(work, err))
        return false;
    return work->root == NULL || (check_root_place(work, err) && check_root_type(work, err));
}
