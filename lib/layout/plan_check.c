/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/plan_check.h"

#include <stdio.h>
#include <string.h>

#include "layout/roles.h"

static bool check_esp(const struct partition_table *table, struct error *err)
{
    const struct partition *esp = NULL;

    for (uint32_t i = 0; i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        if (p->role != ROLE_ESP)
            continue;
        if (esp != NULL)
            return error_set(err, COLDSEAL_UNSUPPORTED,
                             "partitions %u and %u are both EFI system partitions",
                             esp->entry.number, p->entry.number);
        esp = p;
    }
    if (esp == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the disk has no EFI system partition: it cannot boot with Secure Boot");
    if (strcmp(esp->volume.type, "vfat") != 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "the EFI system partition (%u) holds no FAT file system",
                         esp->entry.number);
    return true;
}

static bool refuse_doubt(const struct partition_table *table, const struct root_candidates *found,
                         struct error *err)
{
    char numbers[128] = "";

    for (uint32_t i = 0; i < found->count; i++) {
        size_t used = strlen(numbers);
        snprintf(numbers + used, sizeof(numbers) - used, "%s%u", i == 0 ? "" : ", ",
                 table->partitions[found->indices[i]].entry.number);
    }
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "several partitions may be root (%s): choose one with --root-partition N",
                     numbers);
}

bool plan_check_table(const struct partition_table *table, const struct partition **root,
                      struct error *err)
{
    struct root_candidates found;

    if (!check_esp(table, err))
        return false;
    *root = partition_by_role(table, ROLE_ROOT);
    if (*root == NULL)
        *root = partition_by_role(table, ROLE_ENCRYPTED_ROOT);
    if (*root != NULL)
        return true;
    root_candidates_find(table, &found);
    if (found.count > 1)
        return refuse_doubt(table, &found, err);
    return error_set(err, COLDSEAL_UNSUPPORTED,
                     "no root partition found: no Linux file system besides /boot; name it with "
                     "--root-partition N");
}

/* What is elsewhere would stay in the clear, and the unlock opens one partition. */
static bool check_whole(const struct partition *root, struct error *err)
{
    return root->volume.beyond[0] == '\0' ||
           error_set(err, COLDSEAL_UNSUPPORTED,
                     "root (partition %u) holds %s that has %s on another device: only what is in "
                     "one partition can be encrypted",
                     root->entry.number, root->volume.type, root->volume.beyond);
}

bool plan_check_plain_root(const struct partition *root, struct error *err)
{
    static const char *const types[] = {"ext4", "ext3", "ext2", "xfs", "btrfs", "f2fs"};
    const char *type = root->volume.type;
    uint32_t number = root->entry.number;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i]) == 0)
            return check_whole(root, err);
    }
    if (strcmp(type, "crypto_LUKS") == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED, "root (partition %u) is encrypted already",
                         number);
    if (type[0] == '\0')
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "root (partition %u) holds no file system that is recognised", number);
    return error_set(err, COLDSEAL_UNSUPPORTED, "root (partition %u) holds %s, not a file system",
                     number, type);
}

bool plan_check_containers(const struct partition_table *table, struct error *err)
{
    static const struct {
        const char *type, *name;
    } containers[] = {{"LVM2_member", "LVM"},
                      {"LVM1_member", "LVM"},
                      {"linux_raid_member", "RAID"},
                      {"zfs_member", "ZFS"},
                      {"bcache", "bcache"}};

    for (uint32_t i = 0; i < table->count; i++) {
        const struct partition *p = &table->partitions[i];
        for (size_t c = 0; c < sizeof(containers) / sizeof(containers[0]); c++) {
            if (strcmp(p->volume.type, containers[c].type) == 0)
                return error_set(err, COLDSEAL_UNSUPPORTED,
                                 "partition %u is in %s, which may span more partitions and disks, "
                                 "and the unlock opens one partition: move root onto a plain "
                                 "partition",
                                 p->entry.number, containers[c].name);
        }
    }
    return true;
}
