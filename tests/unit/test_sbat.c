/* SPDX-License-Identifier: Apache-2.0 */
/* SBAT data and levels. What a shim leaves in SbatLevel follows set_sbat_uefi_variable() of the
 * version that is named; real levels are in shim's SbatLevel_Variable.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/sbat.h"

#define L2021 "sbat,1,2021030218\n"
#define L2022 "sbat,1,2022052400\ngrub,2\n"
#define L2023 "sbat,1,2023012900\nshim,2\ngrub,3\ngrub.debian,4\n"
#define L2025 "sbat,1,2025021800\nshim,4\ngrub,5\n"
#define GRUB_DEBIAN                                                                   \
    "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"   \
    "grub,%d,Free Software Foundation,grub,2.12,https://www.gnu.org/software/grub/\n" \
    "grub.debian,%d,Debian,grub2,2.12-9,https://tracker.debian.org/pkg/grub2\n"

static struct sbat *parse(const char *text, enum sbat_kind kind)
{
    struct error err = {0};
    struct sbat *sbat = sbat_parse(text, strlen(text), kind, &err);

    if (sbat == NULL)
        fail_msg("%s: %s", text, err.message);
    return sbat;
}

static void test_parse(void **state)
{
    (void)state;
    OWNED(sbat) level =
        parse("\xef\xbb\xbfsbat,1,2023012900\r\n\n\nshim,2\ngrub,x\nbig,65537", SBAT_LEVEL);
    assert_int_equal(level->count, 4);
    assert_string_equal(level->entries[0].component, "sbat");
    assert_int_equal(level->entries[0].generation, 1);
    assert_string_equal(level->entries[1].component, "shim");
    assert_int_equal(level->entries[1].generation, 2);
    assert_int_equal(level->entries[2].generation, 0);
    assert_int_equal(level->entries[3].generation, 1);
    OWNED(sbat) empty = parse("", SBAT_SECTION);
    assert_int_equal(empty->count, 0);
    OWNED(sbat) padded = parse("a,1,b,c,d,e\n", SBAT_SECTION);
    assert_int_equal(padded->count, 1);
}

static void expect_refusal(const char *text, size_t size, enum sbat_kind kind)
{
    struct error err = {0};

    assert_null(sbat_parse(text, size, kind, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

static void test_hostile(void **state)
{
    static const char *const sections[] = {"a", "a,1,b,c,d", "a,1,b,c,d,", ",1,b,c,d,e",
                                           "\xef\xbb"};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        expect_refusal(sections[i], strlen(sections[i]), SBAT_SECTION);
    expect_refusal("grub\n", 5, SBAT_LEVEL);
    expect_refusal("grub,\n", 6, SBAT_LEVEL);
    OWNED(bytes) lines = bytes_new(4 * 1025, &err);
    for (size_t i = 0; i < lines->size; i += 4)
        memcpy(lines->data + i, "a,1\n", 4);
    expect_refusal((const char *)lines->data, lines->size, SBAT_LEVEL);
    OWNED(sbat) most = sbat_parse(lines->data, lines->size - 4, SBAT_LEVEL, &err);
    assert_non_null(most);
    OWNED(bytes) huge = bytes_new(SBAT_LIMIT_BYTES + 1, &err);
    expect_refusal((const char *)huge->data, huge->size, SBAT_LEVEL);
}

static void expect_revoked(int grub, int grub_debian, const char *level_text, const char *component)
{
    char text[512];

    snprintf(text, sizeof(text), GRUB_DEBIAN, grub, grub_debian);
    OWNED(sbat) image = parse(text, SBAT_SECTION);
    OWNED(sbat) level = parse(level_text, SBAT_LEVEL);
    const struct sbat_entry *entry = sbat_revoked(image, level);
    if (component == NULL)
        assert_null(entry);
    else
        assert_string_equal(entry->component, component);
}

static void test_revoked(void **state)
{
    (void)state;
    expect_revoked(5, 5, L2025, NULL);
    expect_revoked(4, 5, L2025, "grub");
    expect_revoked(3, 3, L2023, "grub.debian");
    expect_revoked(3, 4, L2023, NULL);
    expect_revoked(1, 1, L2021, NULL);
    expect_revoked(1, 1, "sbat,2\n", "sbat");
    /* the first entry of a name counts */
    expect_revoked(3, 1, "grub,3\ngrub,9\n", NULL);
    expect_revoked(3, 1, "grub,10\ngrub,1\n", "grub");
}

struct level_case {
    unsigned major;
    unsigned minor;
    bool secure_boot;
    const char *before; /* NULL: no variable */
    int policy;         /* -1: none */
    const char *after;
};
static const struct level_case level_cases[] = {
    /* 15.4 writes a level where there is none and then leaves it */
    {15, 4, true, NULL, -1, L2021},
    {15, 4, true, L2025, -1, L2025},
    {15, 4, true, "sbat,1", -1, "sbat,1"},
    {15, 4, true, "sbat,", -1, L2021},
    {15, 4, true, "nonsense", -1, L2021},
    {15, 4, true, L2022, 3, L2022},
    /* automatic: L2023, latest: L2025 */
    {15, 7, true, NULL, -1, L2023},
    {15, 7, true, L2022, -1, L2023},
    {15, 7, true, L2025, -1, L2025},
    {15, 7, true, L2023, -1, L2023},
    {15, 7, false, L2022, -1, L2023},
    {15, 7, false, L2025, -1, L2025},
    {15, 7, true, L2022, 1, L2025},
    {15, 7, true, L2025, 2, L2025},
    {15, 7, true, L2022, 2, L2023},
    {15, 7, true, L2025, 3, L2025},
    {15, 7, false, L2025, 3, L2021},
    {15, 7, false, L2025, 9, L2025},
    {16, 1, true, NULL, -1, L2023},
    {16, 1, true, L2022, -1, L2023},
    {16, 1, true, L2025, -1, L2025},
    {16, 1, false, L2025, -1, L2021},
    {16, 1, false, NULL, -1, L2021},
    {16, 1, false, L2025, 9, L2021},
    {16, 1, false, L2022, 2, L2023},
    {16, 1, false, L2022, 1, L2025},
    {16, 1, true, L2022, 9, L2023},
    {15, 8, false, L2025, 0, L2021},
    {15, 8, true, L2022, 1, L2025},
    /* versions of the format: longer, or later in the alphabet, is newer */
    {16, 1, true, "sbat,2,2020010100\n", -1, "sbat,2,2020010100\n"},
    {16, 1, true, "sbat,10,2020010100\n", -1, "sbat,10,2020010100\n"},
    {16, 1, true, "sbat,0,2025010100\n", -1, "sbat,0,2025010100\n"},
    {16, 1, true, "sbat,1,2020010100\n", -1, L2023},
    {16, 1, true, "sbat,1,20250101\n", -1, L2023}, /* too short to be one */
    {16, 1, true, "sbatx1,2025010100\n", -1, L2023},
};

static struct bytes *level_after(const struct level_case *c, const char *own, uint32_t attributes,
                                 struct error *err)
{
    char automatic[] = L2023;
    char latest[] = L2025;
    OWNED_PTR(char) sbat = own == NULL ? NULL : strdup(own);
    struct shim_facts shim = {.sbat = sbat,
                              .version_major = c->major,
                              .version_minor = c->minor,
                              .sbat_level_automatic = c->minor == 4 ? NULL : automatic,
                              .sbat_level_latest = c->minor == 4 ? NULL : latest};
    struct sbat_variables before = {.has_level = c->before != NULL,
                                    .level_attributes = attributes,
                                    .level = c->before,
                                    .level_size = c->before == NULL ? 0 : strlen(c->before),
                                    .has_policy = c->policy >= 0,
                                    .policy = (uint8_t)c->policy};

    return sbat_level_after(&shim, c->secure_boot, &before, err);
}

#define OWN_SHIM_4 "sbat,1,a,b,c,d\nshim,4,a,b,c,d\n"

static void expect_level(const struct level_case *c, const char *own, uint32_t attributes,
                         const char *wanted)
{
    struct error err = {0};
    OWNED(bytes) after = level_after(c, own, attributes, &err);

    if (after == NULL)
        fail_msg("%s", err.message);
    if (after->size != strlen(wanted) || memcmp(after->data, wanted, after->size) != 0)
        fail_msg("shim %u.%u, case %td: %.*s, not %s", c->major, c->minor, c - level_cases,
                 (int)after->size, (const char *)after->data, wanted);
}

static void test_level_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(level_cases) / sizeof(level_cases[0]); i++)
        expect_level(&level_cases[i], OWN_SHIM_4, 3, level_cases[i].after);
}

static void test_level_of_other_attributes(void **state)
{
    static const struct level_case c = {16, 1, true, L2025, -1, NULL};

    (void)state;
    expect_level(&c, OWN_SHIM_4, 0x23, L2025);
    /* visible at run time: somebody else wrote it */
    expect_level(&c, OWN_SHIM_4, 7, L2023);
}

/* 15.8 and later do not replace a level by one that forbids themselves. */
static void test_level_that_revokes_the_shim(void **state)
{
    static const char own[] = "sbat,1,a,b,c,d\nshim,1,a,b,c,d\n";
    static const struct level_case replaces = {15, 8, true, L2022, -1, NULL};
    static const struct level_case old = {15, 7, true, L2022, -1, NULL};
    static const struct level_case first = {15, 8, true, NULL, -1, NULL};

    (void)state;
    expect_level(&replaces, own, 3, L2022);
    expect_level(&old, own, 3, L2023);
    expect_level(&first, own, 3, L2023);
}

static void test_shim_without_sbat(void **state)
{
    struct error err = {0};

    (void)state;
    assert_null(level_after(&level_cases[0], NULL, 3, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_level_after),
        cmocka_unit_test(test_level_of_other_attributes),
        cmocka_unit_test(test_level_that_revokes_the_shim),
        cmocka_unit_test(test_shim_without_sbat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
