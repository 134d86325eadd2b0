/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: "abc" of FIPS 180-4's examples, HMAC of RFC 4231, test case 2 (RFC 2202 for SHA-1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest_set.h"
#include "core/hex.h"

static const struct {
    enum digest_algorithm algorithm;
    size_t size;
    const char *name, *abc, *hmac;
} vectors[] = {
    {DIGEST_SHA1, 20, "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {DIGEST_SHA256, 32, "sha256",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {DIGEST_SHA384, 48, "sha384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649"},
    {DIGEST_SHA512, 64, "sha512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void assert_hex(const uint8_t *bytes, size_t size, const char *wanted)
{
    char text[2 * DIGEST_MAX_BYTES + 1];

    hex_encode(bytes, size, text);
    assert_string_equal(text, wanted);
}

static void test_names(void **state)
{
    enum digest_algorithm algorithm;

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        assert_string_equal(digest_name(vectors[i].algorithm), vectors[i].name);
        assert_int_equal(digest_size(vectors[i].algorithm), vectors[i].size);
        assert_true(digest_from_name(vectors[i].name, &algorithm));
        assert_int_equal(algorithm, vectors[i].algorithm);
    }
    assert_false(digest_from_name("md5", &algorithm));
    assert_false(digest_from_name("SHA256", &algorithm));
    assert_null(digest_name((enum digest_algorithm)0x12));
    assert_int_equal(digest_size((enum digest_algorithm)0x12), 0);
}

static void test_one_shot(void **state)
{
    static const char what[] = "what do ya want for nothing?";
    struct error err = {0};
    uint8_t out[DIGEST_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        assert_true(digest_bytes(vectors[i].algorithm, "abc", 3, out, &err));
        assert_hex(out, vectors[i].size, vectors[i].abc);
        assert_true(
            digest_hmac(vectors[i].algorithm, "Jefe", 4, what, sizeof(what) - 1, out, &err));
        assert_hex(out, vectors[i].size, vectors[i].hmac);
    }
    assert_false(digest_bytes((enum digest_algorithm)0x12, "abc", 3, out, &err));
    assert_int_equal(err.code, COLDSEAL_KEY);
    assert_false(digest_hmac((enum digest_algorithm)0x12, "k", 1, "abc", 3, out, &err));
}

static void test_empty(void **state)
{
    struct error err = {0};
    uint8_t out[DIGEST_MAX_BYTES];

    (void)state;
    assert_true(digest_bytes(DIGEST_SHA256, NULL, 0, out, &err));
    assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_true(digest_hmac(DIGEST_SHA256, "", 0, "", 0, out, &err));
    assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_pieces(void **state)
{
    struct error err = {0};
    uint8_t out[DIGEST_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        OWNED(digest) digest = digest_new(vectors[i].algorithm, &err);
        assert_non_null(digest);
        assert_true(digest_update(digest, "a", 1, &err));
        assert_true(digest_update(digest, "", 0, &err));
        assert_true(digest_update(digest, "bc", 2, &err));
        assert_true(digest_final(digest, out, &err));
        assert_hex(out, vectors[i].size, vectors[i].abc);
    }
    assert_null(digest_new((enum digest_algorithm)0x12, &err));
}

/* One PCR extension by hand: H(zeros || H("abc")), from openssl dgst. */
static void test_sets(void **state)
{
    struct digest_set once, pieces, pcr = {0};
    struct error err = {0};

    (void)state;
    assert_true(digest_set_bytes("abc", 3, &once, &err));
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++)
        assert_hex(digest_set_value(&once, digest_set_algorithm(i)), vectors[i].size,
                   vectors[i].abc);
    OWNED(digest_set_stream) stream = digest_set_stream_new(&err);
    assert_non_null(stream);
    assert_true(digest_set_stream_update(stream, "a", 1, &err));
    assert_true(digest_set_stream_update(stream, "bc", 2, &err));
    assert_true(digest_set_stream_final(stream, &pieces, &err));
    assert_true(digest_set_equal(&once, &pieces));
    assert_true(digest_set_extend(&pcr, &once, &err));
    assert_hex(pcr.sha1, 20, "ccd5bd41458de644ac34a2478b58ff819bef5acf");
    assert_hex(pcr.sha256, 32, "589f9ffed4c477966bfb8d41f37895b08c69047df8f911d6f3b57fbe08faee8d");
    assert_hex(pcr.sha384, 48,
               "93732e3733514a841c982cfa75ea76ab55fe011acb9cd980ef4523913c65be1b0998e04d77f8c174f81"
               "a82151619ca40");
    assert_null(digest_set_value(&pcr, DIGEST_SHA512));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_one_shot),
        cmocka_unit_test(test_empty), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
