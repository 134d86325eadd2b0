/* SPDX-License-Identifier: Apache-2.0 */
/* Unified kernel images made up of sections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/uki.h"
#include "made_pe.h"

/* The names in a stub's code, as in systemd 252 and 257. */
#define NAMES_252 "\0.linux\0.osrel\0.cmdline\0.initrd\0.splash\0.dtb\0.pcrsig\0.pcrpkey\0"
#define NAMES_257                                                                          \
    "\0.linux\0.osrel\0.cmdline\0.initrd\0.ucode\0.splash\0.dtb\0.uname\0.sbat\0.pcrsig\0" \
    ".pcrpkey\0.profile\0.hwids\0.dtbauto\0"
#define STUB(names)                            \
    {                                          \
        ".rodata", names, sizeof(names) - 1, 0 \
    }
#define TEXT(name, text)                \
    {                                   \
        name, text, sizeof(text) - 1, 0 \
    }
#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static bool read_uki(const struct made_section *rows, size_t count, struct bytes **file,
                     struct uki *uki, struct error *err)
{
    struct pe pe;

    *file = make_pe(true, rows, count);
    assert_true(pe_parse(*file, &pe, err));
    return uki_read(&pe, uki, err);
}

/* "name=content name=content" of all sections. */
static void expect(const struct made_section *rows, size_t count, const char *wanted)
{
    struct error err = {0};
    struct uki uki;
    OWNED(bytes) file = NULL;
    char got[512] = "";

    if (!read_uki(rows, count, &file, &uki, &err))
        fail_msg("%s: %s", wanted, err.message);
    for (size_t i = 0; i < uki.count; i++) {
        strcat(got, i == 0 ? "" : " ");
        strcat(got, uki.sections[i].name);
        strcat(got, "=");
        strncat(got, (const char *)uki.sections[i].content.data, uki.sections[i].content.size);
    }
    assert_string_equal(got, wanted);
}

static void test_order_of_the_stub(void **state)
{
    static const struct made_section rows[] = {
        TEXT(".sdmagic", "#### LoaderInfo: systemd-stub 257.9-1 ####"),
        STUB(NAMES_257),
        TEXT(".sbat", "s"),
        TEXT(".initrd", "i"),
        TEXT(".linux", "l"),
        TEXT(".pcrsig", "g"),
        TEXT(".pcrpkey", "p"),
        TEXT(".osrel", "o"),
        TEXT(".cmdline", "c"),
        TEXT(".uname", "u"),
        TEXT(".ucode", "m"),
        TEXT(".other", "x"),
        {".splash", NULL, 0, 0},
        TEXT(".osrel", "second"),
    };
    struct error err = {0};
    struct uki uki;
    OWNED(bytes) file = NULL;

    (void)state;
    expect(ROWS(rows), ".linux=l .osrel=o .cmdline=c .initrd=i .ucode=m .uname=u .sbat=s "
                       ".pcrpkey=p");
    assert_true(read_uki(ROWS(rows), &file, &uki, &err));
    assert_string_equal(uki.stub, "systemd-stub 257.9-1");
    assert_non_null(uki_section_find(&uki, ".uname"));
    assert_null(uki_section_find(&uki, ".pcrsig"));
}

static void test_names_that_an_old_stub_does_not_know(void **state)
{
    static const struct made_section rows[] = {
        STUB(NAMES_252),     TEXT(".sbat", "s"),    TEXT(".linux", "l"),
        TEXT(".uname", "u"), TEXT(".profile", "p"), TEXT(".osrel", "o"),
    };

    (void)state;
    expect(ROWS(rows), ".linux=l .osrel=o");
}

static void test_profiles(void **state)
{
    static const struct made_section rows[] = {
        STUB(NAMES_257),          TEXT(".linux", "l"),        TEXT(".cmdline", "base"),
        TEXT(".osrel", "o"),      TEXT(".profile", "ID=a"),   TEXT(".cmdline", "first"),
        TEXT(".profile", "ID=b"), TEXT(".cmdline", "second"), TEXT(".initrd", "i"),
    };
    static const struct made_section without[] = {STUB(NAMES_257), TEXT(".linux", "l"),
                                                  TEXT(".cmdline", "base")};

    (void)state;
    expect(ROWS(rows), ".linux=l .osrel=o .cmdline=first .profile=ID=a");
    expect(ROWS(without), ".linux=l .cmdline=base");
}

/* Files for the initramfs: those whose names, in UTF-16, this stub has. */
static void test_files(void **state)
{
    static const char files[] = "o\0s\0-\0r\0e\0l\0e\0a\0s\0e\0\0\0"
                                "p\0r\0o\0f\0i\0l\0e\0\0";
    static const struct made_section rows[] = {
        STUB(NAMES_257),        {".text", files, sizeof(files), 0},
        TEXT(".linux", "l"),    TEXT(".pcrsig", "g"),
        TEXT(".osrel", "o"),    TEXT(".profile", "ID=a"),
        TEXT(".osrel", "of a"),
    };
    struct error err = {0};
    struct uki uki;
    OWNED(bytes) file = NULL;

    (void)state;
    assert_true(read_uki(ROWS(rows), &file, &uki, &err));
    assert_int_equal(uki.file_count, 2);
    assert_string_equal(uki.files[0].name, "os-release");
    assert_int_equal(uki.files[0].content.size, 4);
    assert_string_equal(uki.files[1].name, "profile");
}

static void expect_refusal(const struct made_section *rows, size_t count, enum coldseal_code code,
                           const char *words)
{
    struct error err = {0};
    struct uki uki;
    OWNED(bytes) file = NULL;

    assert_false(read_uki(rows, count, &file, &uki, &err));
    if (err.code != code || strstr(err.message, words) == NULL)
        fail_msg("%s: code %d, %s", words, err.code, err.message);
}

static void test_refused(void **state)
{
    static const struct made_section no_stub[] = {TEXT(".linux", NAMES_257), TEXT(".text", "x")};
    static const struct made_section no_kernel[] = {STUB(NAMES_257), TEXT(".osrel", "o")};
    static const struct made_section zeros[] = {STUB(NAMES_257), {".linux", "l", 1, 0xffffffff}};
    static const struct made_section machine[] = {STUB(NAMES_257), TEXT(".linux", "l"),
                                                  TEXT(".dtbauto", "d")};
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = make_pe(true, ROWS(no_kernel));

    (void)state;
    expect_refusal(ROWS(no_stub), COLDSEAL_BAD_IMAGE, "systemd's stub");
    expect_refusal(ROWS(no_kernel), COLDSEAL_BAD_IMAGE, "no kernel");
    expect_refusal(ROWS(zeros), COLDSEAL_BAD_IMAGE, ".linux is not all in the file");
    expect_refusal(ROWS(machine), COLDSEAL_UNSUPPORTED, ".dtbauto");
    assert_true(pe_parse(file, &pe, &err));
    assert_false(uki_recognise(&pe));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_the_stub),
        cmocka_unit_test(test_names_that_an_old_stub_does_not_know),
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
