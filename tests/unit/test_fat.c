/* SPDX-License-Identifier: Apache-2.0 */
/* FAT volumes made by mkfs.vfat and mtools, ours judged by mtools and fsck.vfat, and hostile ones.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "boot/fat.h"
#include "fat_file.h"
#include "image/open.h"
#include "shell.h"

#define FILE_LIMIT ((size_t)64 << 20)

static void make_tree(void)
{
    shell_run("mkdir -p tree/EFI/BOOT tree/EFI/ubuntu 'tree/a folder with a long name/deeper'"
              " tree/many && printf 'set x=1\\n' >tree/EFI/ubuntu/grub.cfg &&"
              " head -c 90001 /dev/urandom >tree/EFI/BOOT/BOOTX64.EFI &&"
              " head -c 512 /dev/urandom >tree/EFI/BOOT/fbx64.efi && : >tree/empty.txt &&"
              " head -c 3000 /dev/urandom >'tree/a folder with a long name/ünïcödé 漢字.txt' &&"
              " head -c 70 /dev/urandom"
              "  >\"tree/a folder with a long name/deeper/$(printf 'n%%.0s' $(seq 200)).x\" &&"
              " for i in $(seq 120); do echo $i >tree/many/file-number-$i.conf; done");
}

/* Files go in and out so that what comes last lies in pieces. */
static void fill(const char *volume)
{
    shell_run("set -e; export MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8; i=%s; mmd -i $i ::/tmp;"
              "for n in $(seq 40); do head -c 9000 /dev/urandom >pad$n; done;"
              "mcopy -i $i pad* ::/tmp; mdel -i $i '::/tmp/pad*[13579]';"
              "head -c 130000 /dev/urandom >tree/pieces.bin; mcopy -i $i -s tree/* ::/;"
              "mdeltree -i $i ::/tmp",
              volume);
}

static void assert_file(struct fat *fat, const char *path, const char *expected)
{
    struct error err = {0};
    OWNED(bytes) ours = fat_read_file(fat, path, FILE_LIMIT, &err);
    OWNED(bytes) theirs = bytes_read_file(expected, FILE_LIMIT, &err);

    if (ours == NULL || theirs == NULL)
        fail_msg("%s: %s", path, err.message);
    assert_int_equal(ours->size, theirs->size);
    assert_memory_equal(ours->data, theirs->data, ours->size);
}

static void poke(const char *path, uint64_t offset, uint32_t value, unsigned size)
{
    FILE *file = fopen(path, "r+");

    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    for (unsigned i = 0; i < size; i++)
        assert_true(fputc((int)(value >> (8 * i) & 0xff), file) != EOF);
    assert_int_equal(fclose(file), 0);
}

struct names {
    size_t count;
    bool seen;
    const char *wanted;
    bool is_directory;
};

static bool count_name(void *context, const struct fat_entry *entry)
{
    struct names *names = context;

    names->count++;
    if (strcmp(entry->name, names->wanted) == 0) {
        names->seen = true;
        names->is_directory = entry->is_directory;
    }
    return true;
}

/* Every name of the tree on this machine is listed, spelled as it is, and no other. */
static void assert_tree(struct fat *fat, const char *path)
{
    char local[1024];
    char child[2048];
    size_t count = 0;
    struct error err = {0};

    snprintf(local, sizeof(local), "tree%s", path);
    DIR *dir = opendir(local);
    assert_non_null(dir);
    struct names names = {0};
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        struct stat st;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        count++;
        names = (struct names){.wanted = d->d_name};
        assert_true(fat_list(fat, path, count_name, &names, &err));
        snprintf(child, sizeof(child), "tree%s/%s", path, d->d_name);
        assert_int_equal(stat(child, &st), 0);
        if (!names.seen || names.is_directory != S_ISDIR(st.st_mode))
            fail_msg("%s is not listed", child);
        if (S_ISDIR(st.st_mode))
            assert_tree(fat, child + strlen("tree"));
        else
            assert_file(fat, child + strlen("tree"), child);
    }
    closedir(dir);
    assert_int_equal(names.count, count);
}

static const char *const makers[] = {
    "mformat -C -f 2880 -i vol ::",
    "mkfs.vfat -F 12 -C vol 3000",
    "mkfs.vfat -F 12 -s 8 -C vol 16000",
    "mkfs.vfat -F 16 -C vol 20000 -n UEFI",
    "mkfs.vfat -F 16 -s 64 -C vol 200000",
    "mformat -C -T 40000 -h 16 -s 63 -i vol ::",
    "mkfs.vfat -F 32 -s 1 -C vol 40000 -n UEFI",
    "mkfs.vfat -F 32 -C vol 106496",
    "mkfs.vfat -F 32 -S 4096 -s 1 -C vol 300000",
    "truncate -s 64M vol; mformat -F -i vol ::",
};

static void test_reads_as_mtools(void **state)
{
    (void)state;
    make_tree();
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        shell_run("rm -f vol; %s", makers[i]);
        fill("vol");
        struct fat_file v = fat_file_open("vol", 0);
        assert_tree(v.fat, "");
        fat_file_close(&v);
    }
}

static void test_names_without_case(void **state)
{
    struct fat_entry entry;
    struct error err = {0};
    bool found;

    (void)state;
    make_tree();
    shell_run("mkfs.vfat -F 32 -C vol 40000");
    fill("vol");
    struct fat_file v = fat_file_open("vol", 0);
    assert_true(fat_lookup(v.fat, "/efi/boot/bootx64.efi", &entry, &found, &err) && found);
    assert_string_equal(entry.name, "BOOTX64.EFI");
    assert_int_equal(entry.size_bytes, 90001);
    assert_true(fat_lookup(v.fat, "//EFI//Boot/FBX64.efi", &entry, &found, &err) && found);
    /* By its short name too, as the firmware would. */
    assert_true(fat_lookup(v.fat, "/AFOLDE~1/deeper", &entry, &found, &err) && found);
    assert_true(entry.is_directory);
    assert_true(fat_lookup(v.fat, "/EFI/BOOT/BOOTX64.EF", &entry, &found, &err) && !found);
    assert_true(fat_lookup(v.fat, "/EFI/BOOT/BOOTX64.EFI2", &entry, &found, &err) && !found);
    assert_true(fat_lookup(v.fat, "/empty.txt/x", &entry, &found, &err) && !found);
    assert_true(fat_lookup(v.fat, "/pad1", &entry, &found, &err) && !found);
    assert_true(fat_lookup(v.fat, "/EFI/..", &entry, &found, &err) && !found);
    assert_true(fat_lookup(v.fat, "/", &entry, &found, &err) && found && entry.is_directory);
    assert_null(fat_read_file(v.fat, "/EFI", FILE_LIMIT, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_null(fat_read_file(v.fat, "/none", FILE_LIMIT, &err));
    assert_null(fat_read_file(v.fat, "/EFI/BOOT/BOOTX64.EFI", 90000, &err));
    assert_non_null(strstr(err.message, "90001"));
    fat_file_close(&v);
}

/* A FAT32 volume with as few clusters as a FAT16 one: firmware, Linux and GRUB go by the boot
 * sector's fields, mtools by the number. So it is filled while it is large. */
static void test_small_fat32(void **state)
{
    (void)state;
    make_tree();
    shell_run("mkfs.vfat -F 32 -s 1 -C vol 40000");
    fill("vol");
    poke("vol", 32, 20000, 4);
    shell_run("cp vol small; truncate -s 10240000 small; fsck.vfat -n small >log 2>&1;"
              "grep -q 'Filesystem is FAT32' log");
    struct fat_file v = fat_file_open("small", 0);
    assert_tree(v.fat, "");
    fat_file_close(&v);
}

/* The same change to the file on this machine, then mcopy's copy of ours against it. */
static void patch_both(struct fat *fat, uint64_t offset, size_t size)
{
    struct error err = {0};
    OWNED(bytes) data = bytes_new(size, &err);

    assert_non_null(data);
    memset(data->data, (int)(0x41 + offset % 26), size);
    if (!fat_patch_file(fat, "/pieces.bin", offset, data->data, size, &err))
        fail_msg("%s", err.message);
    FILE *file = fopen("tree/pieces.bin", "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fwrite(data->data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_patches_in_place(void **state)
{
    struct error err = {0};

    (void)state;
    make_tree();
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        shell_run("rm -f vol; %s", makers[i]);
        fill("vol");
        shell_run("cp vol before; fsck.vfat -n vol >fsck-before || true");
        struct fat_file v = fat_file_open("vol", 0);
        patch_both(v.fat, 0, 1);
        patch_both(v.fat, 511, 2);
        patch_both(v.fat, 4095, 30000);
        patch_both(v.fat, 129999, 1);
        assert_false(fat_patch_file(v.fat, "/pieces.bin", 129999, "ab", 2, &err));
        assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
        assert_false(fat_patch_file(v.fat, "/pieces.bin", UINT64_MAX, "ab", 2, &err));
        assert_false(fat_patch_file(v.fat, "/EFI", 0, "ab", 2, &err));
        fat_file_close(&v);
        shell_run(
            "MTOOLS_SKIP_CHECK=1 mcopy -n -i vol ::/pieces.bin got && cmp got tree/pieces.bin");
        shell_run("fsck.vfat -n vol >fsck-after || true; cmp fsck-before fsck-after");
        /* No byte but the file's: at most 30004 differ. */
        shell_run("test $(cmp -l before vol | wc -l) -le 30004");
    }
}

static void test_volume_within_a_disk(void **state)
{
    (void)state;
    make_tree();
    shell_run("mkfs.vfat -F 32 -C vol 40000");
    fill("vol");
    shell_run("truncate -s 3M disk && cat vol >>disk");
    struct fat_file v = fat_file_open("disk", 3 << 20);
    assert_tree(v.fat, "");
    patch_both(v.fat, 1000, 20000);
    fat_file_close(&v);
    shell_run("tail -c +$((3 * 1048576 + 1)) disk >vol;"
              "MTOOLS_SKIP_CHECK=1 mcopy -n -i vol ::/pieces.bin got && cmp got tree/pieces.bin");
}

/* Hostile boot sectors. */
struct defect {
    const char *what;
    unsigned offset;
    uint32_t value;
    unsigned size;
    const char *words;
};
static const struct defect defects[] = {
    {"sector of 0 bytes", 11, 0, 2, "sectors of 0"},
    {"sector of 8192 bytes", 11, 8192, 2, "sectors of 8192"},
    {"sector of 513 bytes", 11, 513, 2, "sectors of 513"},
    {"cluster of 0 sectors", 13, 0, 1, "clusters of 0"},
    {"cluster of 3 sectors", 13, 3, 1, "clusters of 3"},
    {"no reserved sectors", 14, 0, 2, "no reserved"},
    {"no table", 16, 0, 1, "no reserved"},
    {"fixed root entries", 17, 512, 2, "fixed root"},
    {"more sectors than there are", 32, UINT32_MAX, 4, "larger than its partition"},
    {"no sectors", 32, 0, 4, "no room"},
    {"tables larger than the volume", 36, UINT32_MAX, 4, "no room"},
    {"table too small", 36, 1, 4, "a table of"},
    {"another version", 42, 1, 2, "version"},
    {"second table in use", 40, 0x81, 2, "not the one in use"},
    {"no signature", 510, 0, 2, "no boot sector"},
};

static void test_hostile_boot_sectors(void **state)
{
    (void)state;
    shell_run("mkfs.vfat -F 32 -C good 40000");
    for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
        struct error err = {0};
        shell_run("cp good vol");
        poke("vol", defects[i].offset, defects[i].value, defects[i].size);
        OWNED_FD fd = open("vol", O_RDONLY | O_CLOEXEC);
        OWNED(disk) disk = raw_open(fd, false, &err);
        assert_non_null(disk);
        assert_null(fat_open(disk, 0, disk_size(disk), &err));
        if (strstr(err.message, defects[i].words) == NULL)
            fail_msg("%s: %s", defects[i].what, err.message);
        assert_true(err.code == COLDSEAL_BAD_IMAGE || err.code == COLDSEAL_UNSUPPORTED);
    }
}

/* mkfs.vfat -F 16 -C vol 20000 -s 4: sectors of 512 bytes, clusters of 4; where its parts are comes
 * from its own boot sector, read by minfo. */
struct places {
    unsigned table;
    unsigned root;
    unsigned data;
};

static struct places make_fat16(void)
{
    struct places p;
    unsigned reserved;
    unsigned copies;
    unsigned entries;
    unsigned table_sectors;

    shell_run("mkfs.vfat -F 16 -s 4 -C vol 20000; head -c 20000 /dev/urandom >file;"
              "mmd -i vol ::/dir; mcopy -i vol file ::/dir/file; mcopy -i vol file ::/other");
    OWNED_PTR(char) text = shell_output(
        "od -An -v -tu1 -w48 -N48 vol | awk '{ print $15 + 256 * $16, $17, $18 + 256 * $19,"
        " $23 + 256 * $24 }'");
    assert_int_equal(sscanf(text, "%u %u %u %u", &reserved, &copies, &entries, &table_sectors), 4);
    p.table = reserved * 512;
    p.root = p.table + copies * table_sectors * 512;
    p.data = p.root + entries * 32;
    return p;
}

static uint32_t first_cluster_of(const char *path)
{
    struct fat_entry entry;
    struct error err = {0};
    bool found;
    struct fat_file v = fat_file_open("vol", 0);

    assert_true(fat_lookup(v.fat, path, &entry, &found, &err) && found);
    fat_file_close(&v);
    return entry.first_cluster;
}

static void assert_unreadable(const char *path, const char *words)
{
    struct error err = {0};
    struct fat_file v = fat_file_open("vol", 0);

    assert_null(fat_read_file(v.fat, path, FILE_LIMIT, &err));
    if (err.code != COLDSEAL_BAD_IMAGE || strstr(err.message, words) == NULL)
        fail_msg("%s: code %d, %s", path, err.code, err.message);
    assert_false(fat_patch_file(v.fat, path, 0, "x", 1, &err));
    fat_file_close(&v);
}

static void test_hostile_chains(void **state)
{
    struct places p;

    (void)state;
    p = make_fat16();
    uint32_t first = first_cluster_of("/dir/file");
    poke("vol", p.table + 2 * (first + 3), first, 2);
    assert_unreadable("/dir/file", "twice");
    poke("vol", p.table + 2 * (first + 3), first + 3, 2);
    assert_unreadable("/dir/file", "twice");
    poke("vol", p.table + 2 * (first + 3), 0xffff, 2);
    assert_unreadable("/dir/file", "leads to cluster 65535");
    poke("vol", p.table + 2 * (first + 3), 0, 2);
    assert_unreadable("/dir/file", "leads to cluster 0");
    poke("vol", p.table + 2 * (first + 3), 0xfff7, 2);
    assert_unreadable("/dir/file", "leads to cluster 65527");
    poke("vol", p.table + 2 * (first + 3), 1, 2);
    assert_unreadable("/dir/file", "leads to cluster 1 ");
}

static void test_hostile_directories(void **state)
{
    struct places p;
    struct fat_entry entry;
    struct error err = {0};
    bool found;
    struct names names = {.wanted = "file"};

    (void)state;
    p = make_fat16();
    uint32_t dir = first_cluster_of("/dir");
    unsigned entry_offset = p.data + (dir - 2) * 2048 + 64; /* behind "." and ".." */
    /* A file that is a folder, and that folder again: as deep as the path says, not deeper. */
    poke("vol", entry_offset + 11, 0x10, 1);
    poke("vol", entry_offset + 26, dir, 2);
    struct fat_file v = fat_file_open("vol", 0);
    assert_true(fat_lookup(v.fat, "/dir/file/file/file/file", &entry, &found, &err) && found);
    assert_false(fat_lookup(v.fat,
                            "/dir/file/file/file/file/file/file/file/file/file/file/file/"
                            "file/file/file/file/file/file",
                            &entry, &found, &err));
    fat_file_close(&v);
    /* A folder whose chain comes back to it. */
    poke("vol", p.table + 2 * dir, dir, 2);
    v = fat_file_open("vol", 0);
    assert_false(fat_list(v.fat, "/dir", count_name, &names, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    fat_file_close(&v);
    /* A folder without clusters would be the root. */
    poke("vol", entry_offset + 26, 0, 2);
    poke("vol", p.table + 2 * dir, 0xffff, 2);
    v = fat_file_open("vol", 0);
    assert_false(fat_lookup(v.fat, "/dir/file/other", &entry, &found, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    fat_file_close(&v);
}

static void test_name_that_is_there_twice(void **state)
{
    struct places p;
    struct fat_entry entry;
    struct error err = {0};
    bool found;

    (void)state;
    p = make_fat16();
    shell_run("mcopy -i vol file ::/third");
    /* Entries of the root: DIR, OTHER, THIRD, each with or without a long name in front. */
    OWNED_PTR(char) text = shell_output(
        "dd if=vol bs=1 skip=%u count=512 2>/dev/null | LC_ALL=C grep -obUaP 'THIRD      ' |"
        " cut -d: -f1",
        p.root);
    unsigned at = p.root + (unsigned)strtoul(text, NULL, 10);
    FILE *file = fopen("vol", "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fwrite("OTHER      ", 1, 11, file), 11);
    assert_int_equal(fclose(file), 0);
    struct fat_file v = fat_file_open("vol", 0);
    assert_false(fat_lookup(v.fat, "/other", &entry, &found, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
    assert_true(fat_lookup(v.fat, "/dir/file", &entry, &found, &err) && found);
    fat_file_close(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(test_reads_as_mtools),
        SHELL_TEST(test_names_without_case),
        SHELL_TEST(test_patches_in_place),
        SHELL_TEST(test_volume_within_a_disk),
        SHELL_TEST(test_small_fat32),
        SHELL_TEST(test_hostile_boot_sectors),
        SHELL_TEST(test_hostile_chains),
        SHELL_TEST(test_hostile_directories),
        SHELL_TEST(test_name_that_is_there_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
