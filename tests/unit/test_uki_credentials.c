/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of credentials. The digests are those that systemd-stub 257.13 measured into PCR 12 of a
 * virtual machine with these files beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/boot_files.h"
#include "core/hex.h"
#include "measure/uki_credentials.h"
#include "shell.h"

static struct boot_files *open_volume(void)
{
    struct error err = {0};

    shell_run(
        "rm -rf case; mkdir -p case/esp; echo '[{\"partition\":1,\"uuid\":\"\",\"label\":\"\","
        "\"file_system\":\"fat\",\"partition_uuid\":\"11111111-2222-3333-4444-555555555555\","
        "\"esp\":true,\"folder\":\"esp\"}]'"
        " >case/volumes.json; mkdir case/esp/one case/esp/global case/esp/empty;"
        "printf 'secret b' >case/esp/one/zeta.cred;"
        "printf 'pin one two' >case/esp/one/coldseal.pin.cred;"
        "echo no >case/esp/one/readme.txt; echo no >case/esp/one/.hidden.cred;"
        "mkdir case/esp/one/folder.cred; printf 'global!' >case/esp/global/g.cred");
    struct boot_files *files = boot_files_from_folder("case", &err);
    if (files == NULL)
        fail_msg("%s", err.message);
    return files;
}

static void expect_archive(struct boot_files *files, const char *folder, const char *target,
                           const char *wanted)
{
    struct error err = {0};
    uint8_t digest[32];
    char text[65];
    OWNED(bytes) archive = NULL;

    if (!uki_credentials_archive(files, 0, folder, target, &archive, &err))
        fail_msg("%s: %s", folder, err.message);
    if (wanted == NULL) {
        assert_null(archive);
        return;
    }
    assert_non_null(archive);
    assert_true(digest_bytes(DIGEST_SHA256, archive->data, archive->size, digest, &err));
    hex_encode(digest, sizeof(digest), text);
    assert_string_equal(text, wanted);
}

static void test_archives_of_a_boot(void **state)
{
    OWNED(boot_files) files = open_volume();

    (void)state;
    expect_archive(files, "/one", ".extra/credentials",
                   "d34b3703d07840b9938746c28931f2efbebb22d196144defc33a9e264ac5899b");
    expect_archive(files, "/global", ".extra/global_credentials",
                   "6f2ac6fd5b65c00ce62981496f679f1d2c487ecd2ded1113e213312b5c65000f");
    expect_archive(files, "/empty", ".extra/credentials", NULL);
    expect_archive(files, "/nowhere", ".extra/credentials", NULL);
}

static void expect_refusal(const char *command, const char *words)
{
    struct error err = {0};
    OWNED(boot_files) files = open_volume();
    OWNED(bytes) archive = NULL;

    shell_run("%s", command);
    assert_false(uki_credentials_archive(files, 0, "/one", ".extra", &archive, &err));
    if (err.code != COLDSEAL_UNSUPPORTED || strstr(err.message, words) == NULL)
        fail_msg("%s: code %d, %s", words, err.code, err.message);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refusal("touch case/esp/one/x.Addon.EFI", "x.Addon.EFI");
    expect_refusal("touch case/esp/one/tools.raw", "tools.raw");
    expect_refusal("for i in $(seq 300); do touch case/esp/one/$i.cred; done", "more than 256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(test_archives_of_a_boot),
        SHELL_TEST(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
