/* SPDX-License-Identifier: Apache-2.0 */
/* Files changed in ext4 volumes that mke2fs made, through an overlay, judged by debugfs and e2fsck.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/ext4_edit.h"
#include "image/open.h"
#include "image/overlay.h"
#include "shell.h"

#define OFFSET ((uint64_t)1 << 20)
#define LARGE_BYTES ((size_t)9 << 20)

static const char *const formats[] = {
    "-t ext4", "-t ext4 -O ^metadata_csum,^64bit -b 1024", "-t ext4 -O ^flex_bg -I 128",
    "-t ext3", "-t ext4 -O ^dir_index,^has_journal",
};

/* "disk", and in its place afterwards what the overlay made of it. */
struct volume {
    int fd;
    int overlay_fd;
    struct disk *base;
    struct disk *disk;
    struct ext4 *ext4;
};

static void make_disk(const char *format)
{
    shell_run(
        "rm -rf tree disk && mkdir -p tree/etc/deep/er tree/usr/lib && ln -s usr/lib tree/lib &&"
        " echo old >tree/etc/file && ln -s file tree/etc/link && ln tree/etc/file tree/etc/hard &&"
        " for i in $(seq 300); do echo $i >tree/etc/deep/a-name-that-is-not-short-$i; done &&"
        " ln -s nowhere tree/etc/deep/er/dangling && head -c 300000 /dev/urandom "
        ">tree/etc/deep/er/big &&"
        " truncate -s 24M volume && mke2fs -q %s -d tree volume 2>&1 && truncate -s 1M disk &&"
        " cat volume >>disk && rm volume",
        format);
}

static struct volume open_volume(void)
{
    struct error err = {0};
    struct volume v = {.fd = open("disk", O_RDONLY | O_CLOEXEC),
                       .overlay_fd = open("overlay", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};

    v.base = raw_open(v.fd, false, &err);
    assert_non_null(v.base);
    v.disk = overlay_disk_new(v.base, v.overlay_fd, &err);
    assert_non_null(v.disk);
    v.ext4 = ext4_open_writable(v.disk, OFFSET, disk_size(v.disk) - OFFSET, &err);
    if (v.ext4 == NULL)
        fail_msg("%s", err.message);
    return v;
}

static void save_disk(struct volume *v)
{
    FILE *out = fopen("changed", "w");
    uint8_t block[65536];

    assert_non_null(out);
    for (uint64_t at = OFFSET; at < disk_size(v->disk); at += sizeof(block)) {
        assert_true(disk_pread(v->disk, block, sizeof(block), at, &(struct error){0}));
        assert_int_equal(fwrite(block, 1, sizeof(block), out), sizeof(block));
    }
    assert_int_equal(fclose(out), 0);
}

static void close_volume(struct volume *v)
{
    ext4_free(v->ext4);
    disk_free(v->disk);
    disk_free(v->base);
    close(v->overlay_fd);
    close(v->fd);
}

static void expect_debugfs(const char *command, const char *expected)
{
    char *output = shell_output("debugfs -R '%s' changed 2>/dev/null", command);

    if (strstr(output, expected) == NULL)
        fail_msg("%s: %s", command, output);
    free(output);
}

static void change_all(struct ext4 *ext4, const uint8_t *large)
{
    struct error err = {0};
    char path[80];

    if (!ext4_write_file(ext4, "/etc/file", "new\n", 4, 0640, &err) ||
        !ext4_write_file(ext4, "/etc/link", "own\n", 4, 0755, &err) ||
        !ext4_write_file(ext4, "/lib/empty", "", 0, 0644, &err) ||
        !ext4_write_file(ext4, "/usr/large", large, LARGE_BYTES, 0644, &err) ||
        !ext4_make_link(ext4, "../a", "/etc/link2", &err) ||
        !ext4_make_link(ext4, "/dev/null", "/etc/hard", &err) ||
        !ext4_make_folder(ext4, "/etc/new/er/folder", &err) ||
        !ext4_make_folder(ext4, "/etc/new/er/folder", &err) ||
        !ext4_make_folder(ext4, "/lib/sub", &err) || !ext4_remove(ext4, "/etc/not-there", &err) ||
        !ext4_remove(ext4, "/no/folder/x", &err) || !ext4_remove_tree(ext4, "/etc/deep", &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < 400; i++) {
        snprintf(path, sizeof(path), "/etc/new/er/another-name-that-is-not-short-%d", i);
        if (!ext4_write_file(ext4, path, path, strlen(path), 0600, &err))
            fail_msg("%s", err.message);
    }
    if (!ext4_commit(ext4, &err))
        fail_msg("%s", err.message);
}

static void changes_files(void **state)
{
    OWNED_PTR(uint8_t) large = malloc(LARGE_BYTES);

    (void)state;
    assert_non_null(large);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        large[i] = (uint8_t)(i * 7 + i / 4096);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        make_disk(formats[i]);
        shell_run("sha256sum disk >before");
        struct volume v = open_volume();
        change_all(v.ext4, large);
        save_disk(&v);
        close_volume(&v);
        shell_run(
            "sha256sum --quiet -c before && e2fsck -fn changed >said 2>&1 || { cat said; false; }");
        expect_debugfs("cat /etc/file", "new\n");
        expect_debugfs("cat /etc/link", "own\n");
        expect_debugfs("stat /etc/file", "Mode:  0640");
        expect_debugfs("stat /etc/file", "Links: 1");
        expect_debugfs("stat /etc/link", "Type: regular");
        expect_debugfs("stat /etc/link2", "Fast link dest: \"../a\"");
        expect_debugfs("stat /etc/hard", "Fast link dest: \"/dev/null\"");
        expect_debugfs("stat /usr/lib/empty", "Size: 0");
        expect_debugfs("stat /usr/lib/sub", "Mode:  0755");
        expect_debugfs("ls -p /etc", "new");
        expect_debugfs("cat /etc/new/er/another-name-that-is-not-short-399", "short-399");
        shell_run("debugfs -R 'dump /usr/large large' changed 2>/dev/null &&"
                  " [ $(stat -c %%s large) = %zu ] && ! debugfs -R 'ls -p /etc' changed "
                  "2>/dev/null | grep -q deep",
                  LARGE_BYTES);
        OWNED(bytes) back = bytes_read_file("large", LARGE_BYTES, &(struct error){0});
        assert_non_null(back);
        assert_memory_equal(back->data, large, LARGE_BYTES);
    }
}

static void says_what_does_not_fit(void **state)
{
    struct error err = {0};
    size_t size = (size_t)30 << 20;
    OWNED_PTR(uint8_t) much = calloc(size, 1);

    (void)state;
    make_disk("-t ext4");
    struct volume v = open_volume();
    assert_false(ext4_write_file(v.ext4, "/etc/much", much, size, 0644, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_false(ext4_write_file(v.ext4, "/none/x", "", 0, 0644, &err));
    assert_false(ext4_write_file(v.ext4, "/etc/..", "", 0, 0644, &err));
    assert_false(ext4_remove(v.ext4, "/etc/deep", &err));
    assert_false(ext4_make_folder(v.ext4, "/etc/file/x", &err));
    close_volume(&v);
}

static void refuses(const char *change)
{
    struct error err = {0};

    make_disk("-t ext4");
    shell_run("dd if=disk of=volume bs=1M skip=1 status=none && %s >said 2>&1 &&"
              " dd if=volume of=disk bs=1M seek=1 conv=notrunc status=none",
              change);
    int fd = open("disk", O_RDWR | O_CLOEXEC);
    OWNED(disk) disk = raw_open(fd, true, &err);
    assert_non_null(disk);
    OWNED(ext4) ext4 = ext4_open_writable(disk, OFFSET, disk_size(disk) - OFFSET, &err);
    if (ext4 != NULL)
        fail_msg("%s", change);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    close(fd);
}

static void refuses_what_is_not_sound(void **state)
{
    (void)state;
    refuses("debugfs -w -R 'ssv state 0' volume");
    refuses("debugfs -w -R 'feature needs_recovery' volume");
    refuses("debugfs -w -R 'feature quota' volume");
    refuses("debugfs -w -R 'feature inline_data' volume");
    refuses("debugfs -w -R 'freeb 9 1' volume");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(changes_files),
        SHELL_TEST(says_what_does_not_fit),
        SHELL_TEST(refuses_what_is_not_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
