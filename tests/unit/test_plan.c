/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and plans: made-up tables for the rules, and disks made with sgdisk, mkfs and cryptsetup,
 * whose planned GPT sgdisk then verifies. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/open.h"
#include "layout/plan.h"
#include "shell.h"

#define MIB ((uint64_t)1 << 20)
#define HEADER LUKS_HEADER_BYTES

/* A partition of a made-up table, in MiB. */
struct made {
    uint32_t number;
    const struct guid *type;
    uint64_t start_mib;
    uint64_t length_mib;
    const char *volume;
    const char *label;
};

static struct partition_table *make_table(const struct made *made, size_t count, uint32_t root)
{
    struct partition_table *table = calloc(1, sizeof(*table));

    assert_non_null(table);
    table->gpt.block_bytes = 512;
    table->gpt.disk_blocks = 4096 * MIB / 512;
    table->gpt.first_usable_lba = 34;
    table->gpt.last_usable_lba = table->gpt.disk_blocks - 34;
    table->gpt.entry_slots = 128;
    table->root_number = root;
    for (size_t i = 0; i < count; i++) {
        struct partition *p = &table->partitions[i];
        p->entry.number = made[i].number;
        p->entry.type = *made[i].type;
        p->entry.unique.bytes[0] = (uint8_t)made[i].number;
        p->entry.first_lba = made[i].start_mib * MIB / 512;
        p->entry.last_lba = p->entry.first_lba + made[i].length_mib * MIB / 512 - 1;
        p->entry.attributes = made[i].number * 4;
        p->entry.name[0] = (uint16_t)('A' + i);
        snprintf(p->volume.type, sizeof(p->volume.type), "%s", made[i].volume);
        snprintf(p->volume.label, sizeof(p->volume.label), "%s", made[i].label);
        snprintf(p->volume.version, sizeof(p->volume.version), "2");
        table->gpt.entries[i] = p->entry;
    }
    table->count = (uint32_t)count;
    table->gpt.entry_count = (uint32_t)count;
    partition_roles_settle(table);
    return table;
}
#define MAKE(made, root) make_table(made, sizeof(made) / sizeof((made)[0]), root)

#define DATA &gpt_type_linux_data
#define ESP &gpt_type_esp
#define BIOS &gpt_type_bios_boot
#define XBOOT &gpt_type_xbootldr
#define ROOT64 &gpt_type_root_x86_64

static const struct made noble[] = {
    {1, DATA, 1000, 2000, "ext4", "cloudimg-rootfs"},
    {14, BIOS, 1, 4, "", ""},
    {15, ESP, 5, 106, "vfat", "UEFI"},
    {16, XBOOT, 111, 889, "ext4", "BOOT"},
};
/* As prepare leaves it: /boot was made behind root. */
static const struct made jammy_prepared[] = {
    {1, DATA, 111, 2000, "ext4", "cloudimg-rootfs"},
    {14, BIOS, 1, 4, "", ""},
    {15, ESP, 5, 106, "vfat", "UEFI"},
    {16, XBOOT, 2111, 1024, "ext4", "BOOT"},
};
static const struct made root_first[] = {
    {1, ROOT64, 1, 2000, "ext4", ""},
    {14, BIOS, 2001, 3, "", ""},
    {15, ESP, 2004, 124, "vfat", ""},
    {16, DATA, 2128, 500, "ext4", "BOOT"},
};

static void plan_must_work(const struct partition_table *table, const struct plan_request *request,
                           struct plan *plan)
{
    struct error err = {0};

    if (!plan_make(table, request, plan, &err))
        fail_msg("%s", err.message);
}

static void assert_place(const struct plan *plan, uint32_t index, uint32_t number,
                         uint64_t start_mib, uint64_t length_bytes)
{
    const struct planned_partition *p = &plan->partitions[index];

    assert_int_equal(p->entry.number, number);
    assert_int_equal(p->entry.first_lba, start_mib * MIB / 512);
    assert_int_equal((p->entry.last_lba - p->entry.first_lba + 1) * 512, length_bytes);
}

static void assert_roles(const struct partition_table *table, uint32_t root, uint32_t esp,
                         uint32_t boot)
{
    const struct partition *p = partition_by_role(table, ROLE_ROOT);

    assert_int_equal(p == NULL ? 0 : p->entry.number, root);
    p = partition_by_role(table, ROLE_ESP);
    assert_int_equal(p == NULL ? 0 : p->entry.number, esp);
    p = partition_by_role(table, ROLE_BOOT);
    assert_int_equal(p == NULL ? 0 : p->entry.number, boot);
}

static void test_root_is_last_already(void **state)
{
    struct plan plan;
    OWNED(partition_table) table = MAKE(noble, 0);

    (void)state;
    assert_roles(table, 1, 15, 16);
    plan_must_work(table, &(struct plan_request){.header_bytes = HEADER, .need_boot = true}, &plan);
    assert_int_equal(plan.count, 4);
    assert_place(&plan, 0, 14, 1, 4 * MIB);
    assert_place(&plan, 1, 15, 5, 106 * MIB);
    assert_place(&plan, 2, 16, 111, 889 * MIB);
    assert_place(&plan, 3, 1, 1000, 2016 * MIB);
    assert_int_equal(plan.root, 3);
    assert_int_equal(plan.esp, 1);
    assert_int_equal(plan.boot, 2);
    assert_int_equal(plan.partitions[3].target_offset_bytes, 1016 * MIB);
    assert_int_equal(plan.partitions[3].source_offset_bytes, 1000 * MIB);
    assert_int_equal(plan.partitions[3].source_length_bytes, 2000 * MIB);
    assert_int_equal(plan.partitions[3].role, ROLE_ENCRYPTED_ROOT);
    assert_int_equal(plan.disk_size_bytes, 3017 * MIB);
    assert_int_equal(plan.gpt.disk_blocks, 3017 * MIB / 512);
    assert_int_equal(plan.gpt.last_usable_lba, 3017 * MIB / 512 - 34);
}

static void test_root_moves_behind_boot(void **state)
{
    struct plan plan;
    OWNED(partition_table) table = MAKE(jammy_prepared, 0);

    (void)state;
    plan_must_work(table, &(struct plan_request){.header_bytes = HEADER, .need_boot = true}, &plan);
    assert_place(&plan, 0, 14, 1, 4 * MIB);
    assert_place(&plan, 1, 15, 5, 106 * MIB);
    assert_place(&plan, 2, 16, 111, 1024 * MIB);
    assert_place(&plan, 3, 1, 1135, 2016 * MIB);
    assert_int_equal(plan.partitions[2].source_offset_bytes, 2111 * MIB);
    assert_int_equal(plan.partitions[2].target_offset_bytes, 111 * MIB);
    assert_int_equal(plan.disk_size_bytes, 3152 * MIB);
}

/* BIOS boot stays, since the MBR's code finds it by number; ESP and /boot are behind it. */
static void test_root_first_with_bios_boot_behind(void **state)
{
    struct plan plan;
    OWNED(partition_table) table = MAKE(root_first, 0);

    (void)state;
    assert_roles(table, 1, 15, 16);
    plan_must_work(table, &(struct plan_request){.header_bytes = HEADER, .need_boot = true}, &plan);
    assert_place(&plan, 0, 14, 2001, 3 * MIB);
    assert_place(&plan, 1, 15, 2004, 124 * MIB);
    assert_place(&plan, 2, 16, 2128, 500 * MIB);
    assert_place(&plan, 3, 1, 2628, 2016 * MIB);
}

static void test_identity_is_kept(void **state)
{
    struct plan plan;
    OWNED(partition_table) table = MAKE(root_first, 0);

    (void)state;
    memset(table->mbr_code, 0x5a, sizeof(table->mbr_code));
    memset(table->gpt.disk_guid.bytes, 0x77, 16);
    plan_must_work(table, &(struct plan_request){.header_bytes = HEADER}, &plan);
    assert_memory_equal(plan.mbr_code, table->mbr_code, sizeof(plan.mbr_code));
    assert_true(guid_equal(&plan.gpt.disk_guid, &table->gpt.disk_guid));
    for (uint32_t i = 0; i < table->count; i++) {
        const struct gpt_entry *was = &table->partitions[i].entry;
        const struct gpt_entry *is = gpt_find(&plan.gpt, was->number);
        assert_non_null(is);
        assert_true(guid_equal(&is->unique, &was->unique));
        assert_int_equal(is->attributes, was->attributes);
        assert_memory_equal(is->name, was->name, sizeof(is->name));
        /* All but the discoverable root type. */
        assert_true(guid_equal(&is->type, was->number == 1 ? DATA : &was->type));
    }
    /* A plan that encrypts nothing keeps that one too. */
    plan_must_work(table, &(struct plan_request){0}, &plan);
    assert_true(guid_equal(&gpt_find(&plan.gpt, 1)->type, ROOT64));
    assert_int_equal(plan.partitions[plan.root].role, ROLE_ROOT);
}

static void test_root_is_padded_to_luks_sectors(void **state)
{
    struct plan plan;
    OWNED(partition_table) table = MAKE(noble, 0);

    (void)state;
    table->partitions[0].entry.last_lba -= 3;
    plan_must_work(table, &(struct plan_request){.header_bytes = HEADER}, &plan);
    assert_place(&plan, 3, 1, 1000, 2016 * MIB);
    assert_int_equal(plan.partitions[3].source_length_bytes, 2000 * MIB - 3 * 512);
    plan_must_work(table, &(struct plan_request){0}, &plan);
    assert_place(&plan, 3, 1, 1000, 2000 * MIB - 3 * 512);
}

static void test_disk_sizes(void **state)
{
    struct plan plan;
    struct error err = {0};
    OWNED(partition_table) table = MAKE(noble, 0);
    struct plan_request request = {.header_bytes = HEADER, .align_bytes = 1024 * MIB};

    (void)state;
    plan_must_work(table, &request, &plan);
    assert_int_equal(plan.disk_size_bytes, 3072 * MIB);
    request.disk_size_bytes = 5120 * MIB;
    plan_must_work(table, &request, &plan);
    assert_int_equal(plan.disk_size_bytes, 5120 * MIB);
    assert_int_equal(plan.gpt.disk_blocks, 5120 * MIB / 512);
    request.disk_size_bytes = 5121 * MIB;
    assert_false(plan_make(table, &request, &plan, &err));
    assert_int_equal(err.code, COLDSEAL_USAGE);
    request.disk_size_bytes = 2048 * MIB;
    assert_false(plan_make(table, &request, &plan, &err));
    assert_int_equal(err.code, COLDSEAL_USAGE);
    assert_non_null(strstr(err.message, "3221225472")); /* 3 GiB, the least of that alignment */
    request = (struct plan_request){.header_bytes = HEADER, .disk_size_bytes = 3016 * MIB};
    assert_false(plan_make(table, &request, &plan, &err));
    assert_non_null(strstr(err.message, "3163553792"));
    request.disk_size_bytes = 3016 * MIB + 33 * 512;
    plan_must_work(table, &request, &plan);
    request.disk_size_bytes++;
    assert_false(plan_make(table, &request, &plan, &err));
    request.disk_size_bytes = UINT64_MAX - 511;
    assert_false(plan_make(table, &request, &plan, &err));
    assert_int_equal(err.code, COLDSEAL_USAGE);
}

static void test_decrypted_root(void **state)
{
    static const struct made sealed[] = {
        {1, DATA, 1000, 2016, "crypto_LUKS", "cloudimg-rootfs-enc"},
        {15, ESP, 5, 106, "vfat", "UEFI"},
        {16, XBOOT, 111, 889, "ext4", "BOOT"},
    };
    struct plan plan;
    struct error err = {0};
    OWNED(partition_table) table = MAKE(sealed, 0);

    (void)state;
    assert_non_null(partition_by_role(table, ROLE_ENCRYPTED_ROOT));
    plan_must_work(table, &(struct plan_request){.drop_bytes = HEADER}, &plan);
    assert_place(&plan, 2, 1, 1000, 2000 * MIB);
    assert_int_equal(plan.partitions[2].source_offset_bytes, 1016 * MIB);
    assert_int_equal(plan.partitions[2].source_length_bytes, 2000 * MIB);
    assert_int_equal(plan.partitions[2].target_offset_bytes, 1000 * MIB);
    assert_int_equal(plan.partitions[2].role, ROLE_ROOT);
    plan_must_work(table, &(struct plan_request){0}, &plan);
    assert_place(&plan, 2, 1, 1000, 2016 * MIB);
    assert_int_equal(plan.partitions[2].role, ROLE_ENCRYPTED_ROOT);
    assert_false(plan_make(table, &(struct plan_request){.header_bytes = HEADER}, &plan, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_non_null(strstr(err.message, "encrypted already"));
    assert_false(plan_make(table, &(struct plan_request){.drop_bytes = 2016 * MIB}, &plan, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

/* Tables that are refused; the request is the one of encrypt. */
struct refusal {
    const char *words;
    struct made made[4];
    uint32_t root;
};
static const struct refusal refusals[] = {
    {"no EFI system partition", {{1, DATA, 1, 10, "ext4", "cloudimg-rootfs"}}, 0},
    {"no root partition", {{15, ESP, 1, 10, "vfat", ""}, {16, XBOOT, 20, 10, "ext4", "BOOT"}}, 0},
    {"--root-partition N",
     {{15, ESP, 1, 10, "vfat", ""}, {1, DATA, 20, 10, "ext4", "a"}, {2, DATA, 30, 9, "xfs", "b"}},
     0},
    {"(1, 2)",
     {{15, ESP, 1, 10, "vfat", ""},
      {1, DATA, 20, 10, "ext4", "cloudimg-rootfs"},
      {2, DATA, 30, 9, "ext4", "cloudimg-rootfs"}},
     0},
    {"(1, 2)",
     {{15, ESP, 1, 10, "vfat", ""},
      {1, ROOT64, 20, 10, "ext4", ""},
      {2, ROOT64, 30, 9, "ext4", ""},
      {3, DATA, 40, 9, "ext4", ""}},
     0},
    {"both EFI system partitions",
     {{1, ESP, 1, 10, "vfat", ""}, {2, ESP, 20, 10, "vfat", ""}, {3, ROOT64, 30, 9, "ext4", ""}},
     0},
    {"no FAT", {{15, ESP, 1, 10, "ntfs", ""}, {1, ROOT64, 20, 10, "ext4", ""}}, 0},
    {"encrypted already", {{15, ESP, 1, 10, "vfat", ""}, {1, DATA, 20, 10, "crypto_LUKS", ""}}, 0},
    {"LVM", {{15, ESP, 1, 10, "vfat", ""}, {1, DATA, 20, 10, "LVM2_member", ""}}, 0},
    {"partition 3 is in LVM",
     {{15, ESP, 1, 10, "vfat", ""},
      {2, DATA, 20, 10, "ext4", ""},
      {3, DATA, 30, 9, "LVM2_member", ""}},
     2},
    {"RAID", {{15, ESP, 1, 10, "vfat", ""}, {1, DATA, 20, 10, "linux_raid_member", ""}}, 0},
    {"not a file system", {{15, ESP, 1, 10, "vfat", ""}, {1, DATA, 20, 10, "swap", ""}}, 1},
    {"recognised", {{15, ESP, 1, 10, "vfat", ""}, {1, ROOT64, 20, 10, "", ""}}, 0},
    {"no /boot", {{15, ESP, 1, 10, "vfat", ""}, {1, DATA, 20, 10, "ext4", ""}}, 0},
};

static void test_refusals(void **state)
{
    struct plan_request request = {.header_bytes = HEADER, .need_boot = true};

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct error err = {0};
        struct plan plan;
        size_t count = 0;
        while (count < 4 && refusals[i].made[count].type != NULL)
            count++;
        OWNED(partition_table) table = make_table(refusals[i].made, count, refusals[i].root);
        assert_false(plan_make(table, &request, &plan, &err));
        if (err.code != COLDSEAL_UNSUPPORTED || strstr(err.message, refusals[i].words) == NULL)
            fail_msg("%s: %s", refusals[i].words, err.message);
    }
}

static void test_choice_of_root(void **state)
{
    static const struct made two[] = {
        {1, DATA, 20, 10, "ext4", "one"},  {2, DATA, 30, 9, "btrfs", "two"},
        {3, DATA, 40, 9, "swap", ""},      {15, ESP, 1, 10, "vfat", ""},
        {16, DATA, 50, 9, "ext4", "boot"},
    };
    struct plan plan;

    (void)state;
    OWNED(partition_table) doubtful = MAKE(two, 0);
    assert_roles(doubtful, 0, 15, 16);
    OWNED(partition_table) chosen = MAKE(two, 2);
    assert_roles(chosen, 2, 15, 16);
    plan_must_work(chosen, &(struct plan_request){.header_bytes = HEADER, .need_boot = true},
                   &plan);
    assert_int_equal(plan.partitions[plan.root].entry.number, 2);
    /* Even what looks like /boot, when it is said. */
    OWNED(partition_table) odd = MAKE(two, 16);
    assert_roles(odd, 16, 15, 0);
}

static void test_strongest_rule_wins(void **state)
{
    static const struct made mixed[] = {
        {1, DATA, 20, 10, "crypto_LUKS", "cloudimg-rootfs-enc"},
        {2, DATA, 30, 9, "ext4", "cloudimg-rootfs"},
        {3, ROOT64, 40, 9, "ext4", ""},
        {15, ESP, 1, 10, "vfat", ""},
    };

    (void)state;
    OWNED(partition_table) ours = MAKE(mixed, 0);
    assert_int_equal(partition_by_role(ours, ROLE_ENCRYPTED_ROOT)->entry.number, 1);
    assert_null(partition_by_role(ours, ROLE_ROOT));
    OWNED(partition_table) label = make_table(mixed + 1, 3, 0);
    assert_roles(label, 2, 15, 0);
    OWNED(partition_table) type = make_table(mixed + 2, 2, 0);
    assert_roles(type, 3, 15, 0);
}

static void test_new_boot(void **state)
{
    static const struct made jammy[] = {
        {1, DATA, 111, 2000, "ext4", "cloudimg-rootfs"},
        {14, BIOS, 1, 4, "", ""},
        {15, ESP, 5, 106, "vfat", "UEFI"},
    };
    struct plan_new_boot boot;
    struct error err = {0};
    OWNED(partition_table) table = MAKE(jammy, 0);

    (void)state;
    assert_true(plan_new_boot(table, &boot, &err));
    assert_int_equal(boot.number, 16);
    assert_int_equal(boot.offset_bytes, 2111 * MIB);
    assert_int_equal(boot.length_bytes, 1024 * MIB);
    assert_int_equal(boot.disk_size_bytes, 4096 * MIB); /* the disk has room */
    table->gpt.disk_blocks = 2112 * MIB / 512;
    table->partitions[0].entry.last_lba -= 1;
    assert_true(plan_new_boot(table, &boot, &err));
    assert_int_equal(boot.offset_bytes, 2111 * MIB);
    assert_int_equal(boot.disk_size_bytes, 3136 * MIB);
    OWNED(partition_table) has = MAKE(noble, 0);
    assert_false(plan_new_boot(has, &boot, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

/* Real volumes, real tools. */

static void make_disk(void)
{
    shell_run(
        "truncate -s 400M disk && sgdisk -n 1:227328:+200M -t 1:8300 -n 14:2048:+4M -t 14:ef02"
        " -n 15:0:+106M -t 15:ef00 -n 16:700000:+30M -t 16:ea00 disk &&"
        "mke2fs -q -t ext4 -L cloudimg-rootfs -E offset=$((227328*512)) disk 200M &&"
        "mke2fs -q -t ext4 -L BOOT -E offset=$((700000*512)) disk 30M &&"
        "mkfs.vfat -F 32 -n UEFI --offset 10240 disk 108544");
}

static struct partition_table *read_disk(const char *path, uint32_t root, enum coldseal_code code)
{
    struct error err = {0};
    OWNED_FD fd = open(path, O_RDWR | O_CLOEXEC);
    OWNED(disk) disk = raw_open(fd, true, &err);

    assert_non_null(disk);
    struct partition_table *table = partition_table_read(disk, root, &err);
    if (err.code != code)
        fail_msg("code %d: %s", err.code, err.message);
    return table;
}

static void test_reads_a_real_disk(void **state)
{
    struct plan plan;
    struct error err = {0};

    (void)state;
    make_disk();
    OWNED(partition_table) table = read_disk("disk", 0, COLDSEAL_OK);
    assert_non_null(table);
    assert_roles(table, 1, 15, 16);
    OWNED_PTR(char) uuid = shell_output(
        "blkid -p -o value -s UUID -O $((227328*512)) -S $((200*1048576)) disk | tr -d '\\n'");
    assert_string_equal(partition_by_role(table, ROLE_ROOT)->volume.uuid, uuid);
    assert_string_equal(partition_by_role(table, ROLE_ESP)->volume.version, "FAT32");
    assert_string_equal(partition_by_role(table, ROLE_ESP)->volume.label, "UEFI");
    assert_null(read_disk("disk", 9, COLDSEAL_USAGE));
    plan_must_work(table, &(struct plan_request){.header_bytes = HEADER, .need_boot = true}, &plan);
    shell_run("truncate -s %llu out", (unsigned long long)plan.disk_size_bytes);
    OWNED_FD fd = open("out", O_RDWR | O_CLOEXEC);
    OWNED(disk) out = raw_open(fd, true, &err);
    assert_true(gpt_write(out, &plan.gpt, plan.mbr_code, &err));
    shell_run("sgdisk -v out | grep -q 'No problems found' && sfdisk --verify out");
    shell_run("for f in disk out; do sfdisk -J $f | grep -o '\"uuid\":\"[^\"]*\"' | sort >$f.ids;"
              " done; cmp disk.ids out.ids");
}

static void test_containers_are_recognised(void **state)
{
    (void)state;
    make_disk();
    shell_run("truncate -s 40M luks && echo x | cryptsetup luksFormat -q --type luks2"
              " --label cloudimg-rootfs-enc --pbkdf pbkdf2 --pbkdf-force-iterations 1000 luks - &&"
              " dd if=luks of=disk bs=512 seek=227328 conv=notrunc");
    OWNED(partition_table) table = read_disk("disk", 0, COLDSEAL_OK);
    const struct partition *p = partition_by_role(table, ROLE_ENCRYPTED_ROOT);
    assert_non_null(p);
    assert_string_equal(p->volume.label, "cloudimg-rootfs-enc");
    assert_string_equal(p->volume.version, "2");
}

static void test_two_signatures_are_refused(void **state)
{
    (void)state;
    make_disk();
    /* A FAT boot sector over an ext4, whose superblock begins at byte 1024. */
    shell_run("mkfs.vfat -F 16 -C fat 20000 &&"
              " dd if=fat of=disk bs=512 count=1 seek=227328 conv=notrunc");
    assert_null(read_disk("disk", 0, COLDSEAL_BAD_IMAGE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_is_last_already),
        cmocka_unit_test(test_root_moves_behind_boot),
        cmocka_unit_test(test_root_first_with_bios_boot_behind),
        cmocka_unit_test(test_identity_is_kept),
        cmocka_unit_test(test_root_is_padded_to_luks_sectors),
        cmocka_unit_test(test_disk_sizes),
        cmocka_unit_test(test_decrypted_root),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_choice_of_root),
        cmocka_unit_test(test_strongest_rule_wins),
        cmocka_unit_test(test_new_boot),
        SHELL_TEST(test_reads_a_real_disk),
        SHELL_TEST(test_containers_are_recognised),
        SHELL_TEST(test_two_signatures_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
