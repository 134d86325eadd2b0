/* SPDX-License-Identifier: Apache-2.0 */
/* GPTs made by sgdisk and fdisk, ours judged by sgdisk and sfdisk, and hostile ones. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/json.h"
#include "image/open.h"
#include "layout/gpt.h"
#include "shell.h"

#define HEADER_OFFSET 512
#define ARRAY_OFFSET 1024
#define ARRAY_BYTES 16384
/* Room for an array whose entries are said to be larger; the first partition is at 1 MiB. */
#define HEAD_BYTES (ARRAY_OFFSET + 4 * ARRAY_BYTES)

static void make_cloud_disk(const char *path)
{
    shell_run("truncate -s 64M %s && sgdisk -U 6d2d4ad5-7cb3-4c4c-9d65-2ffb0f7a23a1"
              " -n 14:2048:+4M -t 14:ef02 -n 15:0:+10M -t 15:ef00 -c 15:'EFI ü' -A 15:set:0"
              " -n 16:0:+16M -t 16:ea00 -c 16:BOOT -n 1:0:0 -t 1:8300 -A 1:set:59"
              " -u 1:0b5f7c7e-0c3c-4c3f-8a55-d5a1d9f4b911 %s",
              path, path);
}

static struct disk *open_disk(const char *path, int *keep)
{
    struct error err = {0};

    *keep = open(path, O_RDWR | O_CLOEXEC);
    assert_true(*keep >= 0);
    struct disk *disk = raw_open(*keep, true, &err);
    assert_non_null(disk);
    return disk;
}

static void name_to_text(const struct gpt_entry *entry, char text[GPT_NAME_UNITS * 3 + 1])
{
    char *p = text;

    for (size_t i = 0; i < GPT_NAME_UNITS && entry->name[i] != 0; i++) {
        uint16_t unit = entry->name[i];
        if (unit < 0x80) {
            *p++ = (char)unit;
        } else {
            assert_true(unit < 0x800);
            *p++ = (char)(0xc0 | (unit >> 6));
            *p++ = (char)(0x80 | (unit & 0x3f));
        }
    }
    *p = '\0';
}

static const char *string_of(json_object *o, const char *key)
{
    json_object *value = json_object_object_get(o, key);

    return value == NULL ? "" : json_object_get_string(value);
}

static uint64_t number_of(json_object *o, const char *key)
{
    return json_object_get_uint64(json_object_object_get(o, key));
}

static void assert_guid(const struct guid *guid, const char *expected)
{
    char text[GUID_TEXT_BYTES];

    guid_format(guid, text);
    assert_int_equal(strcasecmp(text, expected), 0);
}

static uint64_t attributes_of(const char *text)
{
    uint64_t bits = strstr(text, "RequiredPartition") != NULL;

    return strstr(text, "GUID:59") != NULL ? bits | (UINT64_C(1) << 59) : bits;
}

/* Every field against what sfdisk says of the file. */
static void assert_as_sfdisk(const char *path, const struct gpt *gpt)
{
    OWNED_PTR(char) text = shell_output("sfdisk -J %s 2>/dev/null", path);
    OWNED_JSON document = json_tokener_parse(text);
    json_object *table = json_object_object_get(document, "partitiontable");
    json_object *list = json_object_object_get(table, "partitions");

    assert_guid(&gpt->disk_guid, string_of(table, "id"));
    assert_int_equal(gpt->first_usable_lba, number_of(table, "firstlba"));
    assert_int_equal(gpt->last_usable_lba, number_of(table, "lastlba"));
    assert_int_equal(gpt->entry_count, json_object_array_length(list));
    for (size_t i = 0; i < gpt->entry_count; i++) {
        json_object *p = json_object_array_get_idx(list, i);
        const struct gpt_entry *entry = &gpt->entries[i];
        char expected[64];
        char name[GPT_NAME_UNITS * 3 + 1];
        snprintf(expected, sizeof(expected), "%s%u", path, entry->number);
        assert_string_equal(string_of(p, "node"), expected);
        assert_int_equal(entry->first_lba, number_of(p, "start"));
        assert_int_equal(gpt_entry_length(gpt, entry), number_of(p, "size") * 512);
        assert_int_equal(gpt_entry_offset(gpt, entry), number_of(p, "start") * 512);
        assert_guid(&entry->type, string_of(p, "type"));
        assert_guid(&entry->unique, string_of(p, "uuid"));
        assert_int_equal(entry->attributes, attributes_of(string_of(p, "attrs")));
        name_to_text(entry, name);
        assert_string_equal(name, string_of(p, "name"));
    }
}

static void read_must_work(const char *path, struct gpt *gpt)
{
    struct error err = {0};
    OWNED_FD fd = -1;
    OWNED(disk) disk = open_disk(path, &fd);

    if (!gpt_read(disk, gpt, &err))
        fail_msg("%s", err.message);
}

static void read_must_fail(const char *path, enum coldseal_code code, const char *words)
{
    struct error err = {0};
    struct gpt gpt;
    OWNED_FD fd = -1;
    OWNED(disk) disk = open_disk(path, &fd);

    assert_false(gpt_read(disk, &gpt, &err));
    if (err.code != code || strstr(err.message, words) == NULL)
        fail_msg("code %d: %s", err.code, err.message);
}

static void test_reads_as_sfdisk(void **state)
{
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    read_must_work("disk", &gpt);
    assert_as_sfdisk("disk", &gpt);
    assert_false(gpt.from_backup);
    assert_int_equal(gpt.entry_slots, 128);
    assert_true(guid_equal(&gpt_find(&gpt, 14)->type, &gpt_type_bios_boot));
    assert_true(guid_equal(&gpt_find(&gpt, 15)->type, &gpt_type_esp));
    assert_true(guid_equal(&gpt_find(&gpt, 16)->type, &gpt_type_xbootldr));
    assert_true(guid_equal(&gpt_find(&gpt, 1)->type, &gpt_type_linux_data));
    assert_null(gpt_find(&gpt, 2));
    shell_run("sgdisk -t 1:8304 disk");
    read_must_work("disk", &gpt);
    assert_true(guid_equal(&gpt_find(&gpt, 1)->type, &gpt_type_root_x86_64));
    shell_run("sgdisk -t 1:8305 disk");
    read_must_work("disk", &gpt);
    assert_true(guid_equal(&gpt_find(&gpt, 1)->type, &gpt_type_root_arm64));
}

static void write_to(const char *path, const struct gpt *gpt, const uint8_t *mbr_code)
{
    struct error err = {0};
    OWNED_FD fd = -1;
    OWNED(disk) disk = open_disk(path, &fd);

    if (!gpt_write(disk, gpt, mbr_code, &err))
        fail_msg("%s", err.message);
}

static void assert_sgdisk_content(const char *path)
{
    shell_run("sgdisk -v %s | grep -q 'No problems found'", path);
    shell_run("sfdisk --verify %s", path);
}

static void test_writes_what_sgdisk_verifies(void **state)
{
    struct gpt gpt;
    uint8_t code[MBR_CODE_BYTES];

    (void)state;
    make_cloud_disk("disk");
    read_must_work("disk", &gpt);
    memset(code, 0xc3, sizeof(code));
    shell_run("truncate -s 64M copy");
    write_to("copy", &gpt, code);
    assert_sgdisk_content("copy");
    assert_as_sfdisk("copy", &gpt);
    shell_run("test \"$(head -c 440 copy | tr -d '\\303' | wc -c)\" = 0");
    shell_run("dd if=disk bs=512 skip=1 count=33 of=a; dd if=copy bs=512 skip=1 count=33 of=b;"
              "cmp a b");
    shell_run("tail -c 16896 disk >a; tail -c 16896 copy >b; cmp a b");
    struct gpt_areas areas = gpt_written_areas(&gpt);
    assert_int_equal(areas.primary_length_bytes, 34 * 512);
    assert_int_equal(areas.backup_offset_bytes, (64 << 20) - 33 * 512);
    /* Nothing outside the areas: the rest of a fresh file is still a hole's zeros. */
    shell_run("tail -c +17409 copy | head -c %llu | tr -d '\\0' | wc -c | grep -qx 0",
              (unsigned long long)(areas.backup_offset_bytes - areas.primary_length_bytes));
}

static void test_backup_replaces_damaged_primary(void **state)
{
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    shell_run("cp disk good");
    shell_run("printf X | dd of=disk bs=1 seek=%d conv=notrunc", HEADER_OFFSET + 60);
    read_must_work("disk", &gpt);
    assert_true(gpt.from_backup);
    assert_as_sfdisk("good", &gpt);
    shell_run("cp good disk; printf X | dd of=disk bs=1 seek=%d conv=notrunc", ARRAY_OFFSET + 40);
    read_must_work("disk", &gpt);
    assert_true(gpt.from_backup);
    assert_as_sfdisk("good", &gpt);
    shell_run("cp good disk; dd if=/dev/zero of=disk bs=1M count=1 conv=notrunc");
    read_must_work("disk", &gpt);
    assert_true(gpt.from_backup);
    write_to("disk", &gpt, NULL);
    assert_sgdisk_content("disk");
    read_must_work("disk", &gpt);
    assert_false(gpt.from_backup);
}

static void test_both_damaged(void **state)
{
    (void)state;
    make_cloud_disk("disk");
    shell_run("printf X | dd of=disk bs=1 seek=%d conv=notrunc", HEADER_OFFSET + 60);
    shell_run("printf X | dd of=disk bs=1 seek=%d conv=notrunc", (64 << 20) - 512 + 60);
    read_must_fail("disk", COLDSEAL_BAD_IMAGE, "CRC");
    shell_run("dd if=/dev/zero of=disk bs=1M count=1 conv=notrunc");
    read_must_fail("disk", COLDSEAL_BAD_IMAGE, "CRC");
}

static void test_disks_without_gpt(void **state)
{
    (void)state;
    shell_run("truncate -s 8M disk");
    read_must_fail("disk", COLDSEAL_UNSUPPORTED, "no GPT");
    shell_run("truncate -s 4K small");
    read_must_fail("small", COLDSEAL_UNSUPPORTED, "too small");
    shell_run("printf 'label: dos\\n2048,4096\\n' | sfdisk disk");
    read_must_fail("disk", COLDSEAL_UNSUPPORTED, "MBR");
    make_cloud_disk("leftover");
    shell_run("dd if=disk of=leftover bs=512 count=1 conv=notrunc");
    read_must_fail("leftover", COLDSEAL_UNSUPPORTED, "MBR");
    shell_run("truncate -s 64M large; printf 'g\\nn\\n\\n\\n\\nw\\n' | fdisk -b 4096 large; "
              "dd if=large bs=4096 skip=1 count=1 | head -c 8 | grep -q 'EFI PART'");
    shell_run("dd if=/dev/zero of=large bs=4096 seek=1 count=1 conv=notrunc; "
              "dd if=/dev/zero of=large bs=4096 seek=16383 conv=notrunc count=1");
    read_must_fail("large", COLDSEAL_UNSUPPORTED, "no GPT");
}

/* fdisk alone makes tables for blocks of 4096 bytes in a file; ours is the same, byte for byte. */
static void test_large_blocks(void **state)
{
    struct gpt gpt;

    (void)state;
    shell_run("truncate -s 64M large copy; printf "
              "'g\\nn\\n15\\n256\\n+8M\\nt\\n1\\nn\\n1\\n\\n\\nx\\nn\\n1\\nroot\\nr\\nw\\n' | "
              "fdisk -b 4096 large");
    read_must_work("large", &gpt);
    assert_int_equal(gpt.block_bytes, 4096);
    assert_int_equal(gpt.disk_blocks, 16384);
    assert_int_equal(gpt_entry_offset(&gpt, gpt_find(&gpt, 15)), 1 << 20);
    assert_int_equal(gpt_entry_length(&gpt, gpt_find(&gpt, 15)), 8 << 20);
    assert_true(guid_equal(&gpt_find(&gpt, 15)->type, &gpt_type_esp));
    write_to("copy", &gpt, NULL);
    shell_run("printf 'v\\nq\\n' | fdisk -b 4096 copy | grep -q 'No errors detected'");
    shell_run("tail -c +513 large >a; tail -c +513 copy >b; cmp a b");
    struct gpt_areas areas = gpt_written_areas(&gpt);
    assert_int_equal(areas.primary_length_bytes, 6 * 4096);
    assert_int_equal(areas.backup_offset_bytes, (64 << 20) - 5 * 4096);
    shell_run("dd if=/dev/zero of=copy bs=4096 count=6 conv=notrunc");
    read_must_work("copy", &gpt);
    assert_true(gpt.from_backup);
    assert_int_equal(gpt.block_bytes, 4096);
}

static void test_sizes_that_differ(void **state)
{
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    shell_run("cp disk grown; truncate -s 80M grown");
    read_must_work("grown", &gpt);
    assert_int_equal(gpt.disk_blocks, 80 << 11);
    assert_int_equal(gpt.entry_count, 4);
    shell_run("cp disk cut; truncate -s 50M cut");
    read_must_fail("cut", COLDSEAL_BAD_IMAGE, "cut off");
}

static void test_hybrid_mbr_is_ignored(void **state)
{
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    shell_run("sgdisk -h 15 disk");
    read_must_work("disk", &gpt);
    assert_as_sfdisk("disk", &gpt);
}

/* Hostile tables: a field is set and, unless the CRC is the lie, the CRCs are made right. */

static void put_le(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void fix_crcs(uint8_t *data)
{
    uint8_t *header = data + HEADER_OFFSET;
    uint64_t array_bytes = (uint64_t)get_u32(header + 80) * get_u32(header + 84);

    if (array_bytes <= HEAD_BYTES - ARRAY_OFFSET)
        put_le(header + 88, crc32(0, data + ARRAY_OFFSET, (unsigned)array_bytes), 4);
    put_le(header + 16, 0, 4);
    put_le(header + 16, crc32(0, header, 92), 4);
}

struct defect {
    const char *what;
    size_t offset; /* in the disk */
    uint64_t value;
    size_t size;
    enum coldseal_code code;
    const char *words;
};

/* Entry n of the array; 1 is root, 14 to 16 the others; disk blocks 131072. */
#define ENTRY(n) (ARRAY_OFFSET + ((n)-1) * 128)
static const struct defect defects[] = {
    {"overlap by one block", ENTRY(15) + 32, 10239, 8, COLDSEAL_BAD_IMAGE, "overlap"},
    {"same place twice", ENTRY(16) + 32, 10240, 8, COLDSEAL_BAD_IMAGE, "overlap"},
    {"ends before it begins", ENTRY(14) + 40, 2047, 8, COLDSEAL_BAD_IMAGE, "before it begins"},
    {"begins in the header", ENTRY(14) + 32, 1, 8, COLDSEAL_BAD_IMAGE, "outside"},
    {"begins in the array", ENTRY(14) + 32, 33, 8, COLDSEAL_BAD_IMAGE, "outside"},
    {"ends in the backup", ENTRY(1) + 40, 131039, 8, COLDSEAL_BAD_IMAGE, "outside"},
    {"ends nowhere", ENTRY(1) + 40, UINT64_MAX, 8, COLDSEAL_BAD_IMAGE, "outside"},
    {"last usable block", HEADER_OFFSET + 48, UINT64_MAX, 8, COLDSEAL_BAD_IMAGE, "cut off"},
    {"first usable block", HEADER_OFFSET + 40, 0, 8, COLDSEAL_BAD_IMAGE, "usable"},
    {"first behind last", HEADER_OFFSET + 40, 131039, 8, COLDSEAL_BAD_IMAGE, "usable"},
    {"entry size 100", HEADER_OFFSET + 84, 100, 4, COLDSEAL_BAD_IMAGE, "entry size 100"},
    {"entry size 384", HEADER_OFFSET + 84, 384, 4, COLDSEAL_BAD_IMAGE, "entry size 384"},
    {"entry size 64", HEADER_OFFSET + 84, 64, 4, COLDSEAL_BAD_IMAGE, "entry size 64"},
    {"revision 2", HEADER_OFFSET + 8, 0x20000, 4, COLDSEAL_UNSUPPORTED, "revision"},
};

/* The first blocks of `from`, changed by the caller, over those of a copy of it. */
static struct bytes *load_head(const char *from)
{
    struct error err = {0};

    shell_run("head -c %d %s >head", HEAD_BYTES, from);
    struct bytes *head = bytes_read_file("head", HEAD_BYTES, &err);
    assert_non_null(head);
    return head;
}

static void store_head(const char *from, const char *to, const struct bytes *head)
{
    shell_run("cp --sparse=always %s %s", from, to);
    FILE *file = fopen(to, "r+");
    assert_non_null(file);
    assert_int_equal(fwrite(head->data, 1, head->size, file), head->size);
    assert_int_equal(fclose(file), 0);
}

static void make_defect(const struct defect *d)
{
    OWNED(bytes) head = load_head("disk");

    put_le(head->data + d->offset, d->value, d->size);
    fix_crcs(head->data);
    store_head("disk", "hostile", head);
}

static void test_hostile_tables(void **state)
{
    (void)state;
    make_cloud_disk("disk");
    for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
        make_defect(&defects[i]);
        read_must_fail("hostile", defects[i].code, defects[i].words);
    }
}

/* An array that cannot be had makes its header invalid: the backup counts, and without it nothing.
 */
static const struct defect array_defects[] = {
    {"no entries", HEADER_OFFSET + 80, 0, 4, COLDSEAL_BAD_IMAGE, "outside"},
    {"2^31 entries", HEADER_OFFSET + 80, UINT64_C(1) << 31, 4, COLDSEAL_BAD_IMAGE, "outside"},
    {"entries of 2^32 - 1", HEADER_OFFSET + 84, UINT32_MAX, 4, COLDSEAL_BAD_IMAGE, "outside"},
    {"array behind the disk", HEADER_OFFSET + 72, 131060, 8, COLDSEAL_BAD_IMAGE, "outside"},
    {"array at 2^64 - 1", HEADER_OFFSET + 72, UINT64_MAX, 8, COLDSEAL_BAD_IMAGE, "outside"},
    {"array elsewhere", HEADER_OFFSET + 72, 4096, 8, COLDSEAL_BAD_IMAGE, "CRC"},
    {"header elsewhere", HEADER_OFFSET + 24, 7, 8, COLDSEAL_BAD_IMAGE, "says it is at 7"},
};

static void test_hostile_arrays(void **state)
{
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    for (size_t i = 0; i < sizeof(array_defects) / sizeof(array_defects[0]); i++) {
        make_defect(&array_defects[i]);
        read_must_work("hostile", &gpt);
        assert_true(gpt.from_backup);
        shell_run("dd if=/dev/zero of=hostile bs=512 seek=131071 count=1 conv=notrunc");
        read_must_fail("hostile", array_defects[i].code, array_defects[i].words);
    }
}

static void test_crc_lies(void **state)
{
    (void)state;
    make_cloud_disk("disk");
    shell_run("printf ZZZZ | dd of=disk bs=1 seek=%d conv=notrunc", HEADER_OFFSET + 16);
    shell_run("printf ZZZZ | dd of=disk bs=1 seek=%d conv=notrunc", (64 << 20) - 512 + 16);
    read_must_fail("disk", COLDSEAL_BAD_IMAGE, "CRC");
}

/* UEFI 2.10, table 5.5: entries of 256 bytes are legal; the second half of each is not ours. */
static void test_larger_entries(void **state)
{
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    OWNED(bytes) head = load_head("disk");
    for (size_t i = 64; i-- > 0;) {
        memmove(head->data + ARRAY_OFFSET + i * 256, head->data + ARRAY_OFFSET + i * 128, 128);
        memset(head->data + ARRAY_OFFSET + i * 256 + 128, 0xee, 128);
    }
    put_le(head->data + HEADER_OFFSET + 80, 64, 4);
    put_le(head->data + HEADER_OFFSET + 84, 256, 4);
    fix_crcs(head->data);
    store_head("disk", "large", head);
    read_must_work("large", &gpt);
    assert_false(gpt.from_backup);
    assert_int_equal(gpt.entry_slots, 64);
    assert_as_sfdisk("disk", &gpt);
}

static void test_refuses_to_write_over_partitions(void **state)
{
    struct error err = {0};
    struct gpt gpt;

    (void)state;
    make_cloud_disk("disk");
    read_must_work("disk", &gpt);
    OWNED(disk) disk = memory_disk_new(64 << 20, &err);
    assert_non_null(disk);
    gpt.last_usable_lba++;
    assert_false(gpt_write(disk, &gpt, NULL, &err));
    assert_int_equal(err.code, COLDSEAL_BUG);
    gpt.last_usable_lba--;
    gpt.disk_blocks++;
    assert_false(gpt_write(disk, &gpt, NULL, &err));
    gpt.disk_blocks--;
    assert_true(gpt_write(disk, &gpt, NULL, &err));
}

static uint64_t last_sector_of(const char *path, int number)
{
    OWNED_PTR(char)
    text = shell_output("sgdisk -i %d %s | sed -n 's/^Last sector: \\([0-9]*\\).*/\\1/p'", number,
                        path);

    return strtoull(text, NULL, 10);
}

/* What sgdisk makes of a disk that was enlarged, and nothing but the last partition's end. */
static void test_grows_the_last_partition(void **state)
{
    struct error err = {0};
    struct gpt gpt;
    bool grown;
    int fd;

    (void)state;
    make_cloud_disk("disk");
    uint64_t before = last_sector_of("disk", 1);
    shell_run("truncate -s 96M disk && cp disk expected && sgdisk -e -d 1 -n 1:63488:0 -t 1:8300 "
              "-A 1:set:59 -u 1:0b5f7c7e-0c3c-4c3f-8a55-d5a1d9f4b911 expected");
    OWNED(disk) disk = open_disk("disk", &fd);
    assert_true(gpt_read(disk, &gpt, &err));
    assert_false(gpt_grow_last(&gpt, 16, 4096, &grown, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_false(gpt_grow_last(&gpt, 2, 4096, &grown, &err));
    assert_true(gpt_grow_last(&gpt, 1, 4096, &grown, &err));
    assert_true(grown);
    assert_true(gpt_write(disk, &gpt, NULL, &err));
    close(fd);
    shell_run("sgdisk -v disk | grep -q 'No problems found'");
    /* sgdisk ends at the last sector that is left; ours at whole sectors of 4096 bytes */
    uint64_t after = last_sector_of("disk", 1), most = last_sector_of("expected", 1);
    assert_true(after > before && after <= most && most - after < 8);
    assert_int_equal((after + 1 - gpt_find(&gpt, 1)->first_lba) % 8, 0);
    shell_run("for n in 14 15 16; do sgdisk -i $n disk; done >ours");
    shell_run("for n in 14 15 16; do sgdisk -i $n expected; done >theirs && cmp ours theirs");
}

static void test_grows_only_where_there_is_room(void **state)
{
    struct error err = {0};
    struct gpt gpt;
    bool grown;

    (void)state;
    make_cloud_disk("disk");
    read_must_work("disk", &gpt);
    struct gpt as_read = gpt;
    assert_true(gpt_grow_last(&gpt, 1, 4096, &grown, &err));
    assert_false(grown);
    gpt.disk_blocks += GPT_GROWTH_LEAST_BYTES / 512 - 1;
    assert_true(gpt_grow_last(&gpt, 1, 4096, &grown, &err));
    assert_false(grown);
    /* a table for more than there is: refused when it was read, and harmless here */
    gpt.disk_blocks = 40;
    assert_true(gpt_grow_last(&gpt, 1, 4096, &grown, &err));
    assert_false(grown);
    gpt.disk_blocks = as_read.disk_blocks;
    assert_memory_equal(&gpt, &as_read, sizeof(gpt));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(test_reads_as_sfdisk),
        SHELL_TEST(test_writes_what_sgdisk_verifies),
        SHELL_TEST(test_backup_replaces_damaged_primary),
        SHELL_TEST(test_both_damaged),
        SHELL_TEST(test_disks_without_gpt),
        SHELL_TEST(test_large_blocks),
        SHELL_TEST(test_sizes_that_differ),
        SHELL_TEST(test_hybrid_mbr_is_ignored),
        SHELL_TEST(test_hostile_tables),
        SHELL_TEST(test_hostile_arrays),
        SHELL_TEST(test_crc_lies),
        SHELL_TEST(test_larger_entries),
        SHELL_TEST(test_refuses_to_write_over_partitions),
        SHELL_TEST(test_grows_the_last_partition),
        SHELL_TEST(test_grows_only_where_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
