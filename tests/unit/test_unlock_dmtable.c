/* SPDX-License-Identifier: Apache-2.0 */
/* The good lines are in the form of "dmsetup table --showkeys" (Linux, drivers/md/dm-crypt.c,
 * crypt_status); the bad ones are what a rewritten header made kernels map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dmtable.h"

#define HALF_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HALF_HEX2 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define RING ":64:logon:cryptsetup:4a1f0c3e-8d5b-4c2f-9e7a-0123456789ab-d0"
#define GOOD "aes-xts-plain64 " RING " 0 254:1 32768 1 sector_size:4096"

static bool check(const char *parameters, struct error *err)
{
    OWNED(secret) key = secret_new(64, err);
    struct dmtable_expected expected = {
        .major = 254, .minor = 1, .length_sectors = 8, .volume_key = key};

    assert_non_null(key);
    for (size_t i = 0; i < 64; i++)
        key->data[i] = (uint8_t)i;
    return dmtable_check_crypt(parameters, &expected, err);
}

static void accepted(const char *parameters)
{
    struct error err = {0};

    if (!check(parameters, &err))
        fail_msg("\"%s\" gave \"%s\"", parameters, err.message);
}

static void refused(const char *parameters, const char *reason)
{
    struct error err = {0};

    assert_false(check(parameters, &err));
    assert_int_equal(err.code, COLDSEAL_KEY);
    if (strstr(err.message, reason) == NULL)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", parameters, err.message, reason);
}

static void test_accepts_ours(void **state)
{
    (void)state;
    accepted(GOOD);
    accepted("aes-xts-plain64 " HALF_HEX HALF_HEX2 " 0 254:1 32768 1 sector_size:4096");
}

static void test_refuses_cipher(void **state)
{
    (void)state;
    refused("cipher_null-ecb - 0 254:1 32768 1 sector_size:4096", "cipher");
    refused("aes-xts-plain " RING " 0 254:1 32768 1 sector_size:4096", "cipher");
    refused("capi:xts(aes)-plain64 " RING " 0 254:1 32768 1 sector_size:4096", "cipher");
    refused("aes-xts-plain64x " RING " 0 254:1 32768 1 sector_size:4096", "cipher");
    refused("", "cipher");
}

static void test_refuses_key(void **state)
{
    (void)state;
    refused("aes-xts-plain64 - 0 254:1 32768 1 sector_size:4096", "key");
    refused("aes-xts-plain64 :32:logon:cryptsetup:x 0 254:1 32768 1 sector_size:4096", "key");
    refused("aes-xts-plain64 :64:logon: 0 254:1 32768 1 sector_size:4096", "key");
    refused("aes-xts-plain64 :64:user:x 0 254:1 32768 1 sector_size:4096", "key");
    refused("aes-xts-plain64 " HALF_HEX " 0 254:1 32768 1 sector_size:4096", "key");
    refused("aes-xts-plain64 " HALF_HEX HALF_HEX " 0 254:1 32768 1 sector_size:4096", "key");
}

static void test_refuses_geometry(void **state)
{
    (void)state;
    refused("aes-xts-plain64 " RING " 8 254:1 32768 1 sector_size:4096", "IV offset");
    refused("aes-xts-plain64 " RING " 0 254:2 32768 1 sector_size:4096", "device");
    refused("aes-xts-plain64 " RING " 0 254:1 32776 1 sector_size:4096", "data offset");
    refused("aes-xts-plain64 " RING " 0 254:1 32768", "sector size");
    refused("aes-xts-plain64 " RING " 0 254:1 32768 1 sector_size:512", "sector size");
}

static void test_refuses_options(void **state)
{
    (void)state;
    refused("aes-xts-plain64 " RING " 0 254:1 32768 2 allow_discards sector_size:4096", "options");
    refused(GOOD " iv_large_sectors", "options");
    refused("aes-xts-plain64 " RING " 0 254:1 32768 2 integrity:28:aead sector_size:4096",
            "options");
}

/* No device-mapper here, or no such name: both are failures, not an empty table. */
static void test_missing_mapping_is_a_failure(void **state)
{
    struct error err = {0};
    OWNED(secret) key = secret_new(64, &err);
    struct dmtable_expected expected = {.volume_key = key};

    (void)state;
    assert_false(dmtable_check_live("coldseal-no-such-mapping", &expected, &err));
    assert_int_equal(err.code, COLDSEAL_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts_ours),    cmocka_unit_test(test_refuses_cipher),
        cmocka_unit_test(test_refuses_key),     cmocka_unit_test(test_refuses_geometry),
        cmocka_unit_test(test_refuses_options), cmocka_unit_test(test_missing_mapping_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
