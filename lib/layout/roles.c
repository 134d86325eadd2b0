/* SPDX-License-Identifier: Apache-2.0 */
#include "layout/roles.h"

#include <string.h>
#include <strings.h>

#define ROOT_LABEL "cloudimg-rootfs"
#define ENCRYPTED_ROOT_LABEL "cloudimg-rootfs-enc"
#define BOOT_LABEL "BOOT"

const char *partition_role_name(enum partition_role role)
{
    static const char *const names[] = {
        [ROLE_OTHER] = "other", [ROLE_BIOS_BOOT] = "bios-boot",
        [ROLE_ESP] = "esp",     [ROLE_BOOT] = "boot",
        [ROLE_ROOT] = "root",   [ROLE_ENCRYPTED_ROOT] = "encrypted-root",
    };

    return names[role];
}

static bool has_volume(const struct partition *p, const char *type)
{
    return strcmp(p->volume.type, type) == 0;
}

static bool has_type(const struct partition *p, const struct guid *type)
{
    return guid_equal(&p->entry.type, type);
}

static bool is_encrypted(const struct partition *p)
{
    return has_volume(p, "crypto_LUKS");
}

static bool is_ext(const struct partition *p)
{
    return has_volume(p, "ext4") || has_volume(p, "ext3") || has_volume(p, "ext2");
}

/* What a root may be in, or a container that would hold it. */
static bool is_linux_volume(const struct partition *p)
{
    static const char *const types[] = {
        "xfs", "btrfs", "f2fs", "zfs_member", "crypto_LUKS", "LVM2_member", "linux_raid_member"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (has_volume(p, types[i]))
            return true;
    }
    return is_ext(p);
}

static bool is_fixed(const struct partition *p)
{
    return p->role == ROLE_ESP || p->role == ROLE_BIOS_BOOT || p->role == ROLE_BOOT;
}

static bool by_our_luks(const struct partition *p)
{
    return is_encrypted(p) && strcmp(p->volume.version, "2") == 0 &&
           strcmp(p->volume.label, ENCRYPTED_ROOT_LABEL) == 0;
}

static bool by_label(const struct partition *p)
{
    return is_linux_volume(p) && strcmp(p->volume.label, ROOT_LABEL) == 0;
}

static bool by_type(const struct partition *p)
{
    return has_type(p, &gpt_type_root_x86_64) || has_type(p, &gpt_type_root_arm64);
}

void root_candidates_find(const struct partition_table *table, struct root_candidates *found)
{
    static bool (*const rules[])(const struct partition *) = {by_our_luks, by_label, by_type,
                                                              is_linux_volume};

    found->count = 0;
    for (size_t rule = 0; rule < sizeof(rules) / sizeof(rules[0]) && found->count == 0; rule++) {
        for (uint32_t i = 0; i < table->count; i++) {
            if (!is_fixed(&table->partitions[i]) && rules[rule](&table->partitions[i]))
                found->indices[found->count++] = i;
        }
    }
}

/* By type, else by the label that cloud images give it. */
static void settle_boot(struct partition_table *table)
{
    struct partition *labelled = NULL;

    for (uint32_t i = 0; i < table->count; i++) {
        struct partition *p = &table->partitions[i];
        if (p->role != ROLE_OTHER || p->entry.number == table->root_number)
            continue;
        if (has_type(p, &gpt_type_xbootldr)) {
            p->role = ROLE_BOOT;
            return;
        }
        if (labelled == NULL && is_ext(p) && strcasecmp(p->volume.label, BOOT_LABEL) == 0)
            labelled = p;
    }
    if (labelled != NULL)
        labelled->role = ROLE_BOOT;
}

static void settle_root(struct partition_table *table)
{
    struct root_candidates found;

    root_candidates_find(table, &found);
    for (uint32_t i = 0; i < table->count; i++) {
        struct partition *p = &table->partitions[i];
        bool chosen = table->root_number == 0 ? found.count == 1 && found.indices[0] == i
                                              : p->entry.number == table->root_number;
        if (chosen)
            p->role = is_encrypted(p) ? ROLE_ENCRYPTED_ROOT : ROLE_ROOT;
    }
}

void partition_roles_settle(struct partition_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        struct partition *p = &table->partitions[i];
        p->role = has_type(p, &gpt_type_esp)         ? ROLE_ESP
                  : has_type(p, &gpt_type_bios_boot) ? ROLE_BIOS_BOOT
                                                     : ROLE_OTHER;
    }
    settle_boot(table);
    settle_root(table);
}

const struct partition *partition_by_role(const struct partition_table *table,
                                          enum partition_role role)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->partitions[i].role == role)
            return &table->partitions[i];
    }
    return NULL;
}
