/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/hex.h"
#include "image/open.h"
#include "luks2_patch.h"
#include "luks2_sample.h"
#include "token/provenance.h"

static void assert_opens(const struct luks2_header *header, const char *text, unsigned keyslot)
{
    struct error err = {0};
    unsigned found = 99;
    OWNED(secret) passphrase = sample_secret(text);
    OWNED(secret) expected = sample_volume_key();

    OWNED(secret) key = luks2_volume_key(header, passphrase, &found, &err);
    if (key == NULL)
        fail_msg("%s: %s", text, err.message);
    assert_true(secret_equal(key, expected));
    assert_int_equal(found, keyslot);
}

static void assert_opens_not(const struct luks2_header *header, const char *text)
{
    struct error err = {0};
    unsigned found;
    OWNED(secret) passphrase = sample_secret(text);

    OWNED(secret) key = luks2_volume_key(header, passphrase, &found, &err);
    assert_null(key);
    assert_int_equal(err.code, COLDSEAL_KEY);
}

static void test_build_and_open(void **state)
{
    OWNED(luks2_header) header = sample_header("pass", 3, true);

    (void)state;
    assert_string_equal(header->uuid, SAMPLE_UUID);
    assert_string_equal(header->label, LUKS2_LABEL);
    assert_true(header->copies_agree);
    assert_int_equal(luks2_header_keyslot_count(header), 3);
    assert_opens(header, "pass0", 0);
    assert_opens(header, "pass1", 1);
    assert_opens(header, "pass2", 2);
    assert_opens_not(header, "pass3");
    assert_opens_not(header, "");
}

static void test_open_at(void **state)
{
    struct error err = {0};
    OWNED(luks2_header) header = sample_header("pass", 2, false);
    OWNED(secret) passphrase = sample_secret("pass1");
    OWNED(secret) expected = sample_volume_key();

    (void)state;
    OWNED(secret) key = luks2_volume_key_at(header, 1, passphrase, &err);
    assert_non_null(key);
    assert_true(secret_equal(key, expected));
    OWNED(secret) other = luks2_volume_key_at(header, 0, passphrase, &err);
    assert_null(other);
    assert_int_equal(err.code, COLDSEAL_KEY);
    OWNED(secret) none = luks2_volume_key_at(header, 9, passphrase, &err);
    assert_null(none);
    assert_int_equal(err.code, COLDSEAL_KEY);
}

/* As many keyslots and tokens as the format has room for, and one too many. */
static void test_full(void **state)
{
    struct error err = {0};
    OWNED(luks2_header) header = sample_header("pass", LUKS2_MAX_KEYSLOTS, false);
    struct luks2_keyslot slots[LUKS2_MAX_KEYSLOTS + 1] = {0};
    OWNED(secret) key = sample_volume_key();
    struct luks2_request request = {SAMPLE_UUID, key, slots, LUKS2_MAX_KEYSLOTS + 1, NULL};

    (void)state;
    assert_opens(header, "pass31", 31);
    OWNED(luks2_header) refused = luks2_build(&request, &err);
    assert_null(refused);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

static void test_wrong_key_size(void **state)
{
    struct error err = {0};
    OWNED(secret) key = sample_secret("too short");
    OWNED(secret) passphrase = sample_secret("pass");
    struct luks2_keyslot slot = {.passphrase = passphrase};
    struct luks2_request request = {SAMPLE_UUID, key, &slot, 1, NULL};

    (void)state;
    OWNED(luks2_header) header = luks2_build(&request, &err);
    assert_null(header);
    assert_int_equal(err.code, COLDSEAL_KEY);
}

/* What libcryptsetup has to say is in the message, and not on the terminal. */
static void test_wrong_uuid(void **state)
{
    struct error err = {0};
    OWNED(secret) key = sample_volume_key();
    OWNED(secret) passphrase = sample_secret("pass");
    struct luks2_keyslot slot = {.passphrase = passphrase};
    struct luks2_request request = {"not-a-uuid", key, &slot, 1, NULL};

    (void)state;
    OWNED(luks2_header) header = luks2_build(&request, &err);
    assert_null(header);
    assert_int_equal(err.code, COLDSEAL_KEY);
    assert_non_null(strstr(err.message, "UUID"));
}

static void test_tokens_too_large(void **state)
{
    struct error err = {0};
    OWNED(secret) key = sample_volume_key();
    OWNED(secret) passphrase = sample_secret("pass");
    OWNED_JSON token = sample_tpm2_token();
    struct luks2_keyslot slots[2] = {{.passphrase = passphrase, .token = token},
                                     {.passphrase = passphrase}};
    struct luks2_request request = {SAMPLE_UUID, key, slots, 2, NULL};
    char large[LUKS2_MAX_TOKEN_BYTES];

    (void)state;
    memset(large, 'A', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_true(json_add(token, "tpm2-blob", json_object_new_string(large), &err));
    OWNED(luks2_header) header = luks2_build(&request, &err);
    assert_null(header);
    assert_non_null(strstr(err.message, "token-size"));
}

/* The digest is another one: the header is well-formed, but no key is the volume's. */
static void test_digest_replaced(void **state)
{
    struct error err = {0};
    OWNED(luks2_header) header = sample_header("pass", 2, false);
    OWNED(bytes) bytes = luks2_header_serialise(header, &err);

    (void)state;
    patch_member(bytes->data, "/digests/0/digest",
                 "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"");
    OWNED(luks2_header) changed = luks2_header_read(bytes, &err);
    assert_non_null(changed);
    assert_opens_not(changed, "pass0");
}

/* openssl dgst -sha256 -mac HMAC -macopt hexkey:… over "cryptsetup:cloudimg-rootfs:" and the UUID
 */
static void test_pin(void **state)
{
    struct error err = {0};
    OWNED(secret) key = sample_volume_key();
    uint8_t pin[32];
    char text[65];

    (void)state;
    assert_true(luks2_pin(key, SAMPLE_UUID, pin, &err));
    hex_encode(pin, sizeof(pin), text);
    assert_string_equal(text, "29ade7bbd0a9a5c38fae8fd2c351a8ade7ac943d0e2c8c6fdbe1cdffb805b251");
    assert_false(luks2_pin(key, "short", pin, &err));
}

static void test_memfd_is_sealed(void **state)
{
    struct error err = {0};
    OWNED(luks2_header) header = sample_header("pass", 2, false);
    OWNED_FD fd = luks2_header_memfd(header, &err);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(lseek(fd, 0, SEEK_END), LUKS2_HEADER_BYTES);
}

static void test_store_and_load(void **state)
{
    struct error err = {0};
    const uint64_t offset = 12345 * UINT64_C(512);
    OWNED(luks2_header) header = sample_header("pass", 2, false);
    OWNED(disk) disk = memory_disk_new(offset + LUKS2_HEADER_BYTES, &err);

    (void)state;
    assert_non_null(disk);
    OWNED(luks2_header) nothing = luks2_load(disk, offset, &err);
    assert_null(nothing);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    assert_true(luks2_store(disk, offset, header, &err));
    OWNED(luks2_header) again = luks2_load(disk, offset, &err);
    assert_non_null(again);
    assert_opens(again, "pass1", 1);
    OWNED(luks2_header) beyond = luks2_load(disk, offset + 1, &err);
    assert_null(beyond);
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build_and_open),
        cmocka_unit_test(test_open_at),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_wrong_key_size),
        cmocka_unit_test(test_wrong_uuid),
        cmocka_unit_test(test_tokens_too_large),
        cmocka_unit_test(test_digest_replaced),
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_memfd_is_sealed),
        cmocka_unit_test(test_store_and_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
