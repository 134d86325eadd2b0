/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "luks2_sample.h"
#include "token/provenance.h"
#include "token/recovery.h"
#include "token/systemd_tpm2.h"

/* The members that systemd 255 writes for a volume sealed to a device key. The blobs are sizes and
 * counting bytes; their base64 is coreutils'. */
static const char tpm2_text[] =
    "{\"type\":\"systemd-tpm2\",\"keyslots\":[\"3\"],"
    /* 0003 010203 | 0002 0405 | 0001 06 */
    "\"tpm2-blob\":\"AAMBAgMAAgQFAAEG\","
    "\"tpm2-pcrs\":[4,7,8,9,14,15],\"tpm2-pcr-bank\":\"sha256\","
    "\"tpm2-policy-hash\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","
    "\"tpm2-pin\":false,\"tpm2_pcrlock\":false,"
    /* 81000001 | 0002 0708 | 00000001 | 0001 09 */
    "\"tpm2_srk\":\"gQAAAQACBwgAAAABAAEJ\"}";

static void assert_bytes(const struct bytes *bytes, const char *expected, size_t size)
{
    assert_int_equal(bytes->size, size);
    assert_memory_equal(bytes->data, expected, size);
}

static void test_tpm2_read(void **state)
{
    struct error err = {0};
    OWNED_JSON json = sample_json(tpm2_text);

    (void)state;
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &err);
    assert_non_null(token);
    assert_int_equal(token->keyslot, 3);
    assert_int_equal(token->pcr_mask, 1 << 4 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 14 | 1 << 15);
    assert_int_equal(token->policy_digest[31], 0x1f);
    assert_int_equal(token->parent_handle, 0x81000001);
    assert_bytes(token->blob_private, "\0\3\1\2\3", 5);
    assert_bytes(token->blob_public, "\0\2\4\5", 4);
    assert_bytes(token->encrypted_seed, "\0\1\6", 3);
    assert_bytes(token->parent_name, "\0\2\7\10", 4);
    assert_bytes(token->parent_public, "\0\1\11", 3);
}

static void test_tpm2_write(void **state)
{
    struct error err = {0};
    OWNED_JSON json = sample_json(tpm2_text);
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &err);

    (void)state;
    OWNED_JSON again = systemd_tpm2_to_json(token, &err);
    assert_non_null(again);
    assert_string_equal(json_object_to_json_string_ext(again, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE),
                        tpm2_text);
}

struct tpm2_defect {
    const char *member;
    const char *value; /* JSON; NULL: removed */
    enum coldseal_code code;
};

static const struct tpm2_defect tpm2_defects[] = {
    {"type", "\"systemd-recovery\"", COLDSEAL_BAD_IMAGE},
    {"keyslots", "[]", COLDSEAL_BAD_IMAGE},
    {"keyslots", "[3]", COLDSEAL_BAD_IMAGE},
    {"keyslots", "[\"3\",\"4\"]", COLDSEAL_BAD_IMAGE},
    {"keyslots", "[\"32\"]", COLDSEAL_BAD_IMAGE},
    {"tpm2-blob", NULL, COLDSEAL_BAD_IMAGE},
    {"tpm2-blob", "[\"AAMBAgMAAgQFAAEG\"]", COLDSEAL_BAD_IMAGE},
    {"tpm2-blob", "\"AAMBAgMAAgQF\"", COLDSEAL_UNSUPPORTED},       /* no seed */
    {"tpm2-blob", "\"AAMBAgMAAgQFAAIG\"", COLDSEAL_BAD_IMAGE},     /* seed ends early */
    {"tpm2-blob", "\"AAMBAgMAAgQFAAEGAA==\"", COLDSEAL_BAD_IMAGE}, /* a byte more */
    {"tpm2-blob", "\"AAMBAgMAAAABBg==\"", COLDSEAL_BAD_IMAGE},     /* an empty part */
    {"tpm2-blob", "\"\"", COLDSEAL_BAD_IMAGE},
    {"tpm2-blob", "\"AAM*\"", COLDSEAL_BAD_IMAGE},
    {"tpm2-pcrs", "[24]", COLDSEAL_BAD_IMAGE},
    {"tpm2-pcrs", "[-1]", COLDSEAL_BAD_IMAGE},
    {"tpm2-pcrs", "[7,7]", COLDSEAL_BAD_IMAGE},
    {"tpm2-pcrs", "[\"7\"]", COLDSEAL_BAD_IMAGE},
    {"tpm2-pcr-bank", "\"sha1\"", COLDSEAL_UNSUPPORTED},
    {"tpm2-policy-hash", "\"00\"", COLDSEAL_BAD_IMAGE},
    {"tpm2-pin", "true", COLDSEAL_UNSUPPORTED},
    {"tpm2-pin", "0", COLDSEAL_BAD_IMAGE},
    {"tpm2_pcrlock", "true", COLDSEAL_UNSUPPORTED},
    {"tpm2_salt", "\"AAAA\"", COLDSEAL_UNSUPPORTED},
    {"tpm2_pubkey", "\"AAAA\"", COLDSEAL_UNSUPPORTED},
    {"tpm2_pubkey_pcrs", "[11]", COLDSEAL_UNSUPPORTED},
    {"tpm2-primary-alg", "\"ecc\"", COLDSEAL_UNSUPPORTED},
    {"tpm2_srk", NULL, COLDSEAL_BAD_IMAGE},
    {"tpm2_srk", "\"gQAAAQACBwgAAAACAAEJ\"", COLDSEAL_BAD_IMAGE}, /* no key */
    {"tpm2_srk", "\"gQAA\"", COLDSEAL_BAD_IMAGE},
    {"tpm2_srk", "\"gQAAAQACBwgAAAABAAEJAA==\"", COLDSEAL_BAD_IMAGE},
    {"extra", "1", COLDSEAL_BAD_IMAGE},
};

static void test_tpm2_defects(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tpm2_defects) / sizeof(tpm2_defects[0]); i++) {
        const struct tpm2_defect *defect = &tpm2_defects[i];
        struct error err = {0};
        OWNED_JSON json = sample_json(tpm2_text);

        if (defect->value == NULL)
            json_object_object_del(json, defect->member);
        else
            json_object_object_add(json, defect->member, json_tokener_parse(defect->value));
        OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &err);
        if (token != NULL || err.code != defect->code)
            fail_msg("%s = %s: %d %s", defect->member, defect->value, (int)err.code, err.message);
    }
}

static void test_tpm2_no_object(void **state)
{
    struct error err = {0};
    OWNED_JSON json = json_tokener_parse("[]");

    (void)state;
    assert_null(systemd_tpm2_from_json(json, &err));
    assert_null(systemd_tpm2_from_json(NULL, &err));
}

static void test_recovery_key(void **state)
{
    struct error err = {0};
    unsigned seen[10] = {0};

    (void)state;
    for (int i = 0; i < 250; i++) {
        OWNED(secret) key = recovery_key_new(&err);
        assert_non_null(key);
        assert_int_equal(key->size, 47);
        for (size_t at = 0; at < key->size; at++) {
            if (at % 6 == 5)
                assert_int_equal(key->data[at], '-');
            else
                assert_true(isdigit(key->data[at]));
            if (at % 6 != 5)
                seen[key->data[at] - '0']++;
        }
    }
    /* 10,000 digits: each 1,000 times, give or take six standard deviations. */
    for (int digit = 0; digit < 10; digit++)
        assert_in_range(seen[digit], 820, 1180);
}

static void assert_normalised(const char *typed, const char *expected)
{
    struct error err = {0};
    OWNED(secret) secret = sample_secret(typed);
    OWNED(secret) wanted = sample_secret(expected);

    OWNED(secret) normal = recovery_key_normalise(secret, &err);
    assert_non_null(normal);
    assert_true(secret_equal(normal, wanted));
}

static void test_recovery_normalise(void **state)
{
    static const char key[] = "12345-67890-12345-67890-12345-67890-12345-67890";

    (void)state;
    assert_normalised(key, key);
    assert_normalised("12345-67890-12345-67890-12345-67890-12345-67890\n", key);
    assert_normalised(" \t12345-67890-12345-67890-12345-67890-12345-67890\r\n", key);
    assert_normalised("a passphrase \n", "a passphrase \n");
    assert_normalised("12345-67890-12345-67890-12345-67890-12345-6789x\n",
                      "12345-67890-12345-67890-12345-67890-12345-6789x\n");
    assert_normalised("12345-67890\n", "12345-67890\n");
    assert_normalised("\n", "\n");
}

static void test_recovery_token(void **state)
{
    struct error err = {0};
    OWNED_JSON json = recovery_token_json(7, &err);

    (void)state;
    assert_string_equal(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
                        "{\"type\":\"systemd-recovery\",\"keyslots\":[\"7\"]}");
}

static void test_provenance(void **state)
{
    struct error err = {0};
    OWNED_JSON json = provenance_new("pooled", &err);
    const char *created;
    struct tm tm = {0};

    (void)state;
    assert_true(provenance_check(json, &err));
    assert_true(json_get_string(json, "created", &created, &err));
    const char *end = strptime(created, "%Y-%m-%dT%H:%M:%SZ", &tm);
    assert_true(end != NULL && *end == '\0');
    assert_true(labs(timegm(&tm) - time(NULL)) < 60);
    json_add(json, "format", json_object_new_int(2), &err);
    assert_false(provenance_check(json, &err));
    assert_int_equal(err.code, COLDSEAL_UNSUPPORTED);
    json_add(json, "format", json_object_new_int(1), &err);
    json_add(json, "type", json_object_new_string("other"), &err);
    assert_false(provenance_check(json, &err));
    assert_int_equal(err.code, COLDSEAL_BAD_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tpm2_read),      cmocka_unit_test(test_tpm2_write),
        cmocka_unit_test(test_tpm2_defects),   cmocka_unit_test(test_tpm2_no_object),
        cmocka_unit_test(test_recovery_key),   cmocka_unit_test(test_recovery_normalise),
        cmocka_unit_test(test_recovery_token), cmocka_unit_test(test_provenance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
