/* SPDX-License-Identifier: Apache-2.0 */
/* Initramfs files that cpio(1), gzip(1) and zstd(1) made, ours judged by them; and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "boot/initrd.h"
#include "shell.h"

#define LIMIT ((size_t)64 << 20)

static void make_trees(void)
{
    shell_run(
        "set -e; mkdir -p early/kernel/x86/microcode early2/usr/lib/modules main/usr/bin"
        " main/conf main/scripts/local; head -c 5001 /dev/urandom"
        " >early/kernel/x86/microcode/AuthenticAMD.bin; echo m >early2/usr/lib/modules/a.ko.xz;"
        " seq 3000 >main/usr/bin/sh; chmod 755 main/usr/bin/sh; ln main/usr/bin/sh "
        "main/usr/bin/ash;"
        " ln -s usr/bin main/bin; echo old >main/conf/old; echo gone >main/conf/gone;"
        " for d in early early2 main; do (cd $d; find . | LC_ALL=C sort |"
        " cpio --quiet -R 0:0 -o -H newc) >$d.cpio; done");
}

static struct initrd *read_initrd(const char *path)
{
    struct error err = {0};
    struct bytes *file = bytes_read_file(path, LIMIT, &err);

    assert_non_null(file);
    struct initrd *initrd = initrd_read(file, &err);
    if (initrd == NULL)
        fail_msg("%s: %s", path, err.message);
    return initrd;
}

static void add(struct initrd_additions *additions, const char *name, uint32_t mode,
                const char *text)
{
    struct error err = {0};

    assert_true(initrd_add(additions, name, mode, bytes_copy(text, strlen(text), &err), &err));
}

static void write_changed(const char *path)
{
    static const char *const dropped[] = {"conf/gone"};
    struct error err = {0};
    OWNED(initrd) initrd = read_initrd(path);
    OWNED(initrd_additions) additions = calloc(1, sizeof(*additions));

    add(additions, "conf/old", S_IFREG | 0600, "new\n");
    add(additions, "usr/sbin/tool", S_IFREG | 0755, "tool\n");
    add(additions, "usr/sbin/link", S_IFLNK | 0777, "tool");
    add(additions, "usr/lib/modules/deep/b.ko.zst", S_IFREG | 0644, "b\n");
    add(additions, "usr/lib/modules/deep/c.ko", S_IFREG | 0644, "c\n");
    OWNED(bytes) changed = initrd_write(initrd, additions, dropped, 1, &err);
    if (changed == NULL)
        fail_msg("%s", err.message);
    FILE *out = fopen("changed", "w");
    assert_non_null(out);
    assert_int_equal(fwrite(changed->data, 1, changed->size, out), changed->size);
    assert_int_equal(fclose(out), 0);
}

/* unmkinitramfs(8) puts each archive into a folder of its own. */
static void expect_changed(void)
{
    shell_run("rm -rf out && mkdir out && unmkinitramfs changed out");
    shell_run("cd out/main && [ \"$(cat conf/old)\" = new ] && [ ! -e conf/gone ] && cmp usr/bin/sh"
              " ../../main/usr/bin/sh && [ usr/bin/sh -ef usr/bin/ash ] && [ -x usr/sbin/tool ] &&"
              " [ \"$(cat usr/sbin/link)\" = tool ] && [ \"$(stat -c %%a conf/old)\" = 600 ] &&"
              " [ \"$(cat usr/lib/modules/deep/c.ko)\" = c ] && [ -L bin ]");
    shell_run("diff -r early out/early && [ \"$(cat $(find out -name b.ko.zst))\" = b ] &&"
              " [ $(find out -name a.ko.xz | wc -l) = 1 ]");
}

static void changes_files(void **state)
{
    static const char *const packings[] = {"gzip -c", "zstd -qc"};

    (void)state;
    make_trees();
    for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
        shell_run("%s main.cpio >packed && cat early.cpio early2.cpio packed >initrd", packings[i]);
        write_changed("initrd");
        expect_changed();
    }
}

static void lists_members(void **state)
{
    (void)state;
    make_trees();
    shell_run("zstd -qc main.cpio >packed && cat early.cpio packed >initrd");
    OWNED(initrd) initrd = read_initrd("initrd");
    OWNED_PTR(char) listed =
        shell_output("(cpio --quiet -t <early.cpio; cpio --quiet -t <main.cpio)"
                     " | grep -vx '\\.'");
    char *rest = NULL;
    char *line = strtok_r(listed, "\n", &rest);
    for (size_t i = 0; i < initrd->count; i++) {
        if (strcmp(initrd->members[i].name, ".") == 0)
            continue;
        assert_non_null(line);
        assert_string_equal(initrd->members[i].name, line);
        assert_int_equal(initrd->members[i].is_last, strncmp(line, "kernel", 6) != 0);
        line = strtok_r(NULL, "\n", &rest);
    }
    assert_null(line);
    assert_int_equal(initrd->compression, INITRD_ZSTD);
}

static void refuses(enum coldseal_code code, const char *command)
{
    struct error err = {0};

    shell_run("%s", command);
    struct bytes *file = bytes_read_file("initrd", LIMIT, &err);
    OWNED(initrd) initrd = initrd_read(file, &err);
    if (initrd != NULL || err.code != code)
        fail_msg("%s: %s", command, initrd != NULL ? "taken" : err.message);
}

static void refuses_what_is_malformed(void **state)
{
    (void)state;
    make_trees();
    refuses(COLDSEAL_BAD_IMAGE, ": >initrd");
    refuses(COLDSEAL_UNSUPPORTED, "xz -c main.cpio >initrd");
    refuses(COLDSEAL_UNSUPPORTED, "(gzip -c main.cpio; cat early.cpio) >initrd");
    refuses(COLDSEAL_UNSUPPORTED, "cat main.cpio main.cpio | gzip -c >initrd");
    refuses(COLDSEAL_BAD_IMAGE, "head -c 3000 main.cpio >initrd");
    refuses(COLDSEAL_BAD_IMAGE, "gzip -c main.cpio | head -c 3000 >initrd");
    refuses(COLDSEAL_BAD_IMAGE, "zstd -qc main.cpio | head -c 3000 >initrd");
    refuses(COLDSEAL_BAD_IMAGE,
            "(gzip -c main.cpio | head -c 100; head -c 5000 /dev/zero) >initrd");
    /* the size of the first file's name, and of its content */
    refuses(COLDSEAL_BAD_IMAGE, "cp main.cpio initrd && printf 00000000 |"
                                " dd of=initrd bs=1 seek=94 conv=notrunc status=none");
    refuses(COLDSEAL_BAD_IMAGE, "cp main.cpio initrd && printf FFFFFFFF |"
                                " dd of=initrd bs=1 seek=94 conv=notrunc status=none");
    refuses(COLDSEAL_BAD_IMAGE, "cp main.cpio initrd && printf FFFFFFF0 |"
                                " dd of=initrd bs=1 seek=54 conv=notrunc status=none");
    refuses(COLDSEAL_BAD_IMAGE, "cp main.cpio initrd && printf 'x' |"
                                " dd of=initrd bs=1 seek=54 conv=notrunc status=none");
}

/* A small stream that becomes more than any initramfs. */
static void refuses_a_bomb(void **state)
{
    (void)state;
    refuses(COLDSEAL_BAD_IMAGE, "head -c 600M /dev/zero | zstd -qc >initrd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(changes_files),
        SHELL_TEST(lists_members),
        SHELL_TEST(refuses_what_is_malformed),
        SHELL_TEST(refuses_a_bomb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
