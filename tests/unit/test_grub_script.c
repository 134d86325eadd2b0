/* SPDX-License-Identifier: Apache-2.0 */
/* What commands measure and open, what is noted, and where hostile configurations end. That words,
 * conditions and menus are GRUB's is shown by tests/integration/grub-script.sh against GRUB itself,
 * and by the recorded boots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "memory_files.h"

#define LISTING_BYTES 65536
#define FILES_LIMIT 16

/* "PCR text" of each step, a line each. */
static void list_steps(const struct grub_trace *trace, char *listing)
{
    static const char *const names[] = {"8 ",      "9 ",     "kernel ", "8 cmdline ",
                                        "initrd ", "chain ", ""};
    char *out = listing;

    for (size_t i = 0; i < trace->count; i++)
        out += snprintf(out, LISTING_BYTES - (size_t)(out - listing), "%s%s\n",
                        names[trace->steps[i].kind], trace->steps[i].text);
}

struct boot {
    const char *config;
    struct memory_file more[FILES_LIMIT]; /* up to the first without a path */
    struct grub_start start;
};

static struct grub_trace *run(const struct boot *boot, const struct grub_build *build,
                              struct error *err)
{
    struct memory_file files[FILES_LIMIT + 1] = {
        {MEMORY_ESP, "/EFI/ubuntu/grub.cfg", boot->config, strlen(boot->config)}};
    size_t count = 1;

    for (size_t i = 0; i < FILES_LIMIT && boot->more[i].path != NULL; i++)
        files[count++] = boot->more[i];
    OWNED(boot_files) opened = memory_files(files, count, err);
    assert_non_null(opened);
    return grub_script_trace(opened, build, &boot->start, err);
}

#define TEXT(volume, path, text)             \
    {                                        \
        volume, path, text, sizeof(text) - 1 \
    }
#define CONFIG "9 (hd0,gpt15)/EFI/ubuntu/grub.cfg\n"

static void expect(const struct boot *boot, const struct grub_build *build, const char *steps)
{
    char listing[LISTING_BYTES] = "";
    struct error err = {0};
    OWNED(grub_trace) trace = run(boot, build, &err);

    if (trace == NULL)
        fail_msg("%s", err.message);
    list_steps(trace, listing);
    assert_string_equal(listing, steps);
}

static void expect_steps(const char *config, const char *steps)
{
    const struct boot boot = {.config = config, .start = memory_start};
    OWNED(grub_build) build = memory_build();

    expect(&boot, build, steps);
}

static bool is_noted(const struct grub_trace *trace, unsigned line, const char *reason)
{
    for (size_t i = 0; i < trace->note_count; i++) {
        if (trace->notes[i].line == line && strstr(trace->notes[i].reason, reason) != NULL &&
            strcmp(trace->notes[i].config, "(hd0,gpt15)/EFI/ubuntu/grub.cfg") == 0)
            return true;
    }
    return false;
}

static void expect_note(const char *config, unsigned line, const char *reason)
{
    const struct boot boot = {.config = config, .start = memory_start};
    struct error err = {0};
    OWNED(grub_build) build = memory_build();
    OWNED(grub_trace) trace = run(&boot, build, &err);

    assert_non_null(trace);
    if (!is_noted(trace, line, reason))
        fail_msg("no note of \"%s\" on line %u", reason, line);
}

static void measures_words(void **state)
{
    (void)state;
    expect_steps("set x=\"a  b\"\necho $x \"$x\" 'c' '' d\ty\n[ \"$none\" = 1 ]\ny=$x\n\n# no\n;\n",
                 CONFIG "8 set x=a  b\n8 echo a b a  b c  d y\n8 [  = 1 ]\n8 y=a b\n");
    expect_steps("echo 'tab\t' \"\t\"", CONFIG "8 echo tab\t \t\n");
    /* A block is measured as it stands, without the lines that begin with '#'. */
    expect_steps("menuentry 'A b' --class x {\n\techo 1 \\\n  2\n# dropped\n # kept\n}\n",
                 CONFIG "8 menuentry A b --class x {\n\techo 1 \\\n  2\n # kept\n}\n");
    expect_steps("if true; then menuentry a { b; { c; } } ; fi\necho \\*", CONFIG "8 echo *\n");
    expect_steps("! false\nfunction f { false; }\nf 'x y'\n",
                 CONFIG "8 ! false\n8 f x y\n8 false\n");
}

static const struct memory_file kernel_files[] = {TEXT(MEMORY_BOOT, "/vmlinuz", "kernel"),
                                                  TEXT(MEMORY_BOOT, "/initrd.img", "initrd"),
                                                  TEXT(MEMORY_BOOT, "/ucode", "ucode")};
#define BOOT_FILES                                         \
    {                                                      \
        kernel_files[0], kernel_files[1], kernel_files[2], \
    }
#define SEARCH "search --fs-uuid --set=root " MEMORY_BOOT_UUID "\n"

static void loads_kernels(void **state)
{
    struct boot boot = {.config = SEARCH "linux /vmlinuz a='b c' \"d\\e\" f\\'g \"\"\n"
                                         "initrd /ucode newc:x:/initrd.img\nboot\necho never\n",
                        .more = BOOT_FILES,
                        .start = memory_start};
    OWNED(grub_build) build = memory_build();

    (void)state;
    build->verifies_on_open = true;
    expect(&boot, build,
           CONFIG "8 search --fs-uuid --set=root " MEMORY_BOOT_UUID "\n"
                  "8 linux /vmlinuz a=b c d\\e f'g \n9 /vmlinuz\nkernel /vmlinuz\n"
                  "8 cmdline /vmlinuz \"a=b c\" d\\\\e f\\'g \n"
                  "8 initrd /ucode newc:x:/initrd.img\n9 /ucode\ninitrd /ucode\n"
                  "9 /initrd.img\ninitrd newc:x:/initrd.img\n8 boot\nboot\n");
    boot.config = SEARCH "linux /absent\ninitrd /initrd.img\nboot\nlinux\nlinux (hd0,16)/vmlinuz\n"
                         "chainloader /absent\nboot\n";
    expect(&boot, build,
           CONFIG "8 search --fs-uuid --set=root " MEMORY_BOOT_UUID "\n8 linux /absent\n"
                  "8 initrd /initrd.img\n8 boot\n8 linux\n8 linux (hd0,16)/vmlinuz\n"
                  "9 (hd0,16)/vmlinuz\nkernel (hd0,16)/vmlinuz\n8 cmdline (hd0,16)/vmlinuz\n"
                  "8 chainloader /absent\n8 boot\n");
}

/* Bookworm's GRUB asks shim twice, and only under Secure Boot. */
static void asks_shim(void **state)
{
    struct boot boot = {
        .config = "linux (hd0,gpt16)/vmlinuz\n", .more = BOOT_FILES, .start = memory_start};
    OWNED(grub_build) build = memory_build();
    char *modules[] = {"normal", "linux", "linuxefi"};
    struct grub_build own = *build;

    (void)state;
    own.modules = modules;
    own.module_count = 3;
    own.verifies_on_open = true;
    own.linuxefi_verifies = true;
    own.linuxefi = GRUB_LINUXEFI_SECURE_BOOT;
#define LOADED "8 linux (hd0,gpt16)/vmlinuz\n9 (hd0,gpt16)/vmlinuz\n"
#define KERNEL "kernel (hd0,gpt16)/vmlinuz\n"
#define CMDLINE "8 cmdline (hd0,gpt16)/vmlinuz\n"
    expect(&boot, &own, CONFIG LOADED KERNEL KERNEL CMDLINE);
    boot.start.secure_boot = false;
    expect(&boot, &own, CONFIG LOADED CMDLINE);
    boot.start.secure_boot = true;
    own.linuxefi = GRUB_LINUXEFI_NEVER;
    expect(&boot, &own, CONFIG LOADED KERNEL CMDLINE);
}

static void searches(void **state)
{
    (void)state;
    expect_steps("search.fs_uuid 22222222-2222-4222-8222-222222222222 x hd0,gpt1\necho $x $?\n"
                 "search --label BOOT --set y --hint hd0,\necho $y\n"
                 "search --no-floppy --set -u 1234-abcd\necho $root\n"
                 "search --fs-uuid --set=z no-such\necho $? $z\nsearch --label --set UEFI\n"
                 "echo $root\nsearch x\necho $?\nsearch\necho $?\n",
                 CONFIG "8 search.fs_uuid 22222222-2222-4222-8222-222222222222 x hd0,gpt1\n"
                        "8 echo hd0,gpt16 0\n8 search --label BOOT --set y --hint hd0,\n"
                        "8 echo hd0,gpt16\n8 search --no-floppy --set -u 1234-abcd\n"
                        "8 echo hd0,gpt15\n8 search --fs-uuid --set=z no-such\n8 echo 5\n"
                        "8 search --label --set UEFI\n8 echo hd0,gpt15\n8 search x\n8 echo 17\n"
                        "8 search\n8 echo 18\n");
    /* kern/device.c goes backwards through the partitions; each file that is there is opened. */
    struct boot boot = {.config = "search --file --set=root /f\necho $root\nsearch --file /f\n",
                        .more = {TEXT(MEMORY_ROOT, "/f", "1"), TEXT(MEMORY_BOOT, "/f", "16")},
                        .start = memory_start};
    OWNED(grub_build) build = memory_build();
    expect(&boot, build,
           CONFIG "8 search --file --set=root /f\n9 (hd0,gpt16)/f\n8 echo hd0,gpt16\n"
                  "8 search --file /f\n9 (hd0,gpt16)/f\n9 (hd0,gpt1)/f\n");
}

static void opens_files(void **state)
{
    const struct boot boot = {
        .config =
            "[ -s $prefix/env ]\n[ -e $prefix/env ]\n[ -f $prefix/env ]\nload_env -f $prefix/env\n"
            "load_env -s -f $prefix/env\nsave_env -f $prefix/env x\necho $v\n"
            "loadfont unicode\nloadfont $prefix/fonts/unicode.pf2\necho $?\n"
            "source $prefix/absent\nsource /EFI/UBUNTU/more.cfg\ninsmod gzio\ninsmod other\n"
            "insmod none\nset lang=de_DE\nset lang=fr\nset root=hd0,gpt16\nsource /more.cfg\n",
        .more = {TEXT(MEMORY_ESP, "/EFI/ubuntu/env", "# GRUB Environment Block\nv=1\n####"),
                 TEXT(MEMORY_ESP, "/EFI/ubuntu/fonts/unicode.pf2", "font"),
                 TEXT(MEMORY_ESP, "/EFI/ubuntu/more.cfg", "echo more\n"),
                 TEXT(MEMORY_ESP, "/EFI/ubuntu/x86_64-efi/other.mod", "ELF"),
                 TEXT(MEMORY_ESP, "/EFI/ubuntu/locale/de.mo", "\xde\x12\x04\x95\0\0\0\0"),
                 TEXT(MEMORY_BOOT, "/more.cfg", "echo $config_file $config_directory")},
        .start = memory_start};
    OWNED(grub_build) build = memory_build();

    (void)state;
#define AT "(hd0,gpt15)/EFI/ubuntu/"
    expect(&boot, build,
           CONFIG "8 [ -s " AT "env ]\n9 " AT "env\n8 [ -e " AT "env ]\n8 [ -f " AT "env ]\n"
                  "8 load_env -f " AT "env\n9 " AT "env\n8 load_env -s -f " AT "env\n"
                  "8 save_env -f " AT "env x\n8 echo 1\n8 loadfont unicode\n"
                  "9 " AT "fonts/unicode.pf2\n8 loadfont " AT "fonts/unicode.pf2\n"
                  "9 " AT "fonts/unicode.pf2\n8 echo 30\n8 source " AT "absent\n"
                  "8 source /EFI/UBUNTU/more.cfg\n9 /EFI/UBUNTU/more.cfg\n8 echo more\n"
                  "8 insmod gzio\n8 insmod other\n9 " AT "x86_64-efi/other.mod\n8 insmod none\n"
                  "8 set lang=de_DE\n9 " AT "locale/de.mo\n8 set lang=fr\n8 set root=hd0,gpt16\n"
                  "8 source /more.cfg\n9 /more.cfg\n8 echo (hd0,gpt16)/more.cfg (hd0,gpt16)\n");
}

/* normal/main.c, read_lists(), and what command.lst and fs.lst lead to. */
static void reads_lists(void **state)
{
    struct boot boot = {
        .config = "set prefix=(hd0,gpt16)/grub\nhexdump x\nsearch -f -s none\nsearch -f -s none\n",
        .more = {TEXT(MEMORY_BOOT, "/grub/x86_64-efi/command.lst",
                      "*hexdump: hexdump\ntest: test\n"),
                 TEXT(MEMORY_BOOT, "/grub/x86_64-efi/fs.lst", "affs\next2\nzfs\n"),
                 TEXT(MEMORY_BOOT, "/grub/x86_64-efi/terminal.lst", "iserial: serial\n"),
                 TEXT(MEMORY_BOOT, "/grub/x86_64-efi/hexdump.mod", "ELF"),
                 TEXT(MEMORY_BOOT, "/grub/x86_64-efi/affs.mod", "ELF")},
        .start = memory_start};
    OWNED(grub_build) build = memory_build();

    (void)state;
#define LISTS "(hd0,gpt16)/grub/x86_64-efi/"
#define READ                                                                                    \
    CONFIG "8 set prefix=(hd0,gpt16)/grub\n9 " LISTS "command.lst\n9 " LISTS "fs.lst\n9 " LISTS \
           "terminal.lst\n8 hexdump x\n"
    expect(&boot, build,
           READ "9 " LISTS "hexdump.mod\n8 search -f -s none\n9 " LISTS "affs.mod\n"
                "8 search -f -s none\n");
    build->refuses_modules = true; /* Ubuntu's does not open them under Secure Boot */
    expect(&boot, build, READ "8 search -f -s none\n8 search -f -s none\n");
}

static void globs(void **state)
{
    const struct boot boot = {
        .config = "set root=hd0,gpt16\necho /b*/?.c x/* /none* '/b*' \"/b*\" \\/b* /b\\*\n"
                  "for f in /boot/*.c; do echo $f; done\n",
        .more = {TEXT(MEMORY_BOOT, "/boot/a.c", ""), TEXT(MEMORY_BOOT, "/boot/a.h", ""),
                 TEXT(MEMORY_BOOT, "/boot/bb.c", ""), TEXT(MEMORY_BOOT, "/bin", "")},
        .start = memory_start};
    OWNED(grub_build) build = memory_build();

    (void)state;
    expect(&boot, build,
           CONFIG "8 set root=hd0,gpt16\n8 echo /boot/a.c x/* /none* /b* /b* /b* /b*\n"
                  "8 echo /boot/a.c\n8 echo /boot/bb.c\n");
}

/* Debian 2.12 looks beside itself first, and opens what it finds once more to read it. */
static void looks_beside_itself(void **state)
{
    struct boot boot = {.config = "echo vendor\n", .start = memory_start};
    OWNED(grub_build) build = memory_build();

    (void)state;
    build->tries_fw_path = true;
    expect(&boot, build, CONFIG CONFIG "8 echo vendor\n");
    boot.more[0] =
        (struct memory_file)TEXT(MEMORY_ESP, "/EFI/BOOT/grub.cfg", "echo $prefix $fw_path");
    expect(&boot, build,
           "9 (hd0,gpt15)/EFI/BOOT/grub.cfg\n9 (hd0,gpt15)/EFI/BOOT/grub.cfg\n"
           "8 echo (hd0,gpt15)/EFI/ubuntu (hd0,gpt15)/EFI/BOOT\n");
}

/* The built-in configuration is not measured; what it starts is. */
static void runs_built_in_configuration(void **state)
{
    const struct boot boot = {.config = "echo $x \"$y\"\n", .start = memory_start};
    OWNED(grub_build) build = memory_build();

    (void)state;
    build->embedded_config =
        strdup("x=1\nset \"y=a  b\"\nunknown word\nset 'z=$x'\nnormal ${prefix}/grub.cfg\n");
    expect(&boot, build, CONFIG "8 echo 1 a  b\n");
}

static void notes_what_changes(void **state)
{
    (void)state;
    expect_note("\nset prefix=($root)/x\n", 2, "the name of the disk, hd0");
    expect_note("echo\nload_env -f $prefix/grub.cfg\n", 2, "environment block");
    expect_note("menuentry a { echo; }\nset timeout=5\n", 2, "key at the console");
    expect_note("set timeout=0\nset timeout_style=hidden\nmenuentry a { true; }\n", 2,
                "key at the console");
    expect_note("menuentry a {\n\n\n\tprobe -s x -u hd0\n}\nset timeout=0\n", 4, "\"probe\"");
    expect_note("menuentry a {\n# dropped\n\n\tsmbios -s x\n}\nset timeout=0\n", 4, "\"smbios\"");
    expect_note("true\ncpuidx -l\n", 2, "no command or function");
    expect_note("echo (hd1,gpt1)/x\n[ -e (hd1,gpt1)/x ]\n", 2, "taken to be absent");
    expect_note("if true; then\n}\n", 2, "syntax error");
    expect_note("true\nfwsetup\n", 2, "set-up");
    expect_note("set superusers=a\nset timeout=0\nmenuentry a { true; }\n", 3, "password");
}

/* Endless and exploding configurations end with an error, in bounded time and memory. */
static void refuses_hostile(void **state)
{
    static const char *const hostile[] = {
        "while true; do true; done\n",
        "while [ ]; do echo; done; until true; do :; done\nuntil false; do $x; done\n",
        "function f { f; }\nf\n",
        "function f { g; }\nfunction g { f; }\nf\n",
        "source $prefix/grub.cfg\n",
        "configfile $prefix/grub.cfg\n",
        "normal $prefix/grub.cfg\n",
        "x=xxxxxxxxxxxxxxxx\nwhile true; do x=$x$x$x$x; done\n",
        "x='a a a a a a a a'\nwhile true; do x=\"$x $x\"; echo $x; done\n",
        "function f { f \"$@\" \"$@\"; }\nf 1 2 3\n",
        "set timeout=0\nset fallback=0\nmenuentry a { set fallback=0; }\n",
        "set timeout=0\nmenuentry a { configfile $prefix/grub.cfg; }\n",
        "eval 'eval \"$x\"'\nx='eval \"$x\"'\neval \"$x\"\n",
        "for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8 9; do for c in 1 2 3 4 5 6 7 8 9; "
        "do"
        " for d in 1 2 3 4 5 6 7 8 9; do for e in 1 2 3 4 5 6 7 8 9; do echo; done; done; done; "
        "done;"
        " done\n",
    };
    OWNED(grub_build) build = memory_build();

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const struct boot boot = {.config = hostile[i], .start = memory_start};
        struct error err = {0};
        struct grub_trace *trace = run(&boot, build, &err);
        if (trace != NULL || err.code != COLDSEAL_UNSUPPORTED)
            fail_msg("sample %zu: %d %s", i, (int)err.code, err.message);
        grub_trace_free(trace);
    }
}

static void refuses_deep_nesting(void **state)
{
    char config[8192] = "";
    OWNED(grub_build) build = memory_build();

    (void)state;
    for (unsigned i = 0; i < 500; i++)
        strcat(config, "if true;then ");
    const struct boot boot = {.config = config, .start = memory_start};
    struct error err = {0};
    assert_null(run(&boot, build, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_words),
        cmocka_unit_test(loads_kernels),
        cmocka_unit_test(asks_shim),
        cmocka_unit_test(searches),
        cmocka_unit_test(opens_files),
        cmocka_unit_test(reads_lists),
        cmocka_unit_test(globs),
        cmocka_unit_test(looks_beside_itself),
        cmocka_unit_test(runs_built_in_configuration),
        cmocka_unit_test(notes_what_changes),
        cmocka_unit_test(refuses_hostile),
        cmocka_unit_test(refuses_deep_nesting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
