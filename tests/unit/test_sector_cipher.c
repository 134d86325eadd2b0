/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/hex.h"
#include "crypt/sector_cipher.h"

#define UNIT_BYTES 512

/* IEEE 1619-2007, annex B, XTS-AES-256 applied to data units of 512 bytes: vectors 10, 13, 14. The
 * plaintext is 00 01 … ff twice; the data unit's number is the 512-byte sector's. */
static const char key_text[] = "2718281828459045235360287471352662497757247093699959574966967627"
                               "3141592653589793238462643383279502884197169399375105820974944592";

struct vector {
    uint64_t sector;
    const char *ciphertext;
};

static const struct vector vectors[] = {
    {UINT64_C(0xff), "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b"
                     "5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd"
                     "5776926c49a3095eb108fd1098baec70aaa66999a72a82f27d848b21d4a741b0"
                     "c5cd4d5fff9dac89aeba122961d03a757123e9870f8acf1000020887891429ca"
                     "2a3e7a7d7df7b10355165c8b9a6d0a7de8b062c4500dc4cd120c0f7418dae3d0"
                     "b5781c34803fa75421c790dfe1de1834f280d7667b327f6c8cd7557e12ac3a0f"
                     "93ec05c52e0493ef31a12d3d9260f79a289d6a379bc70c50841473d1a8cc81ec"
                     "583e9645e07b8d9670655ba5bbcfecc6dc3966380ad8fecb17b6ba02469a020a"
                     "84e18e8f84252070c13e9f1f289be54fbc481457778f616015e1327a02b140f1"
                     "505eb309326d68378f8374595c849d84f4c333ec4423885143cb47bd71c5edae"
                     "9be69a2ffeceb1bec9de244fbe15992b11b77c040f12bd8f6a975a44a0f90c29"
                     "a9abc3d4d893927284c58754cce294529f8614dcd2aba991925fedc4ae74ffac"
                     "6e333b93eb4aff0479da9a410e4450e0dd7ae4c6e2910900575da401fc07059f"
                     "645e8b7e9bfdef33943054ff84011493c27b3429eaedb4ed5376441a77ed4385"
                     "1ad77f16f541dfd269d50d6a5f14fb0aab1cbb4c1550be97f7ab4066193c4caa"
                     "773dad38014bd2092fa755c824bb5e54c4f36ffda9fcea70b9c6e693e148c151"},
    {UINT64_C(0xffffffff), "bf53d2dade78e822a4d949a9bc6766b01b06a8ef70d26748c6a7fc36d80ae4c5"
                           "520f7c4ab0ac8544424fa405162fef5a6b7f229498063618d39f0003cb5fb8d1"
                           "c86b643497da1ff945c8d3bedeca4f479702a7a735f043ddb1d6aaade3c4a0ac"
                           "7ca7f3fa5279bef56f82cd7a2f38672e824814e10700300a055e1630b8f1cb0e"
                           "919f5e942010a416e2bf48cb46993d3cb6a51c19bacf864785a00bc2ecff15d3"
                           "50875b246ed53e68be6f55bd7e05cfc2b2ed6432198a6444b6d8c247fab941f5"
                           "69768b5c429366f1d3f00f0345b96123d56204c01c63b22ce78baf116e525ed9"
                           "0fdea39fa469494d3866c31e05f295ff21fea8d4e6e13d67e47ce722e9698a1c"
                           "1048d68ebcde76b86fcf976eab8aa9790268b7068e017a8b9b749409514f1053"
                           "027fd16c3786ea1bac5f15cb79711ee2abe82f5cf8b13ae73030ef5b9e4457e7"
                           "5d1304f988d62dd6fc4b94ed38ba831da4b7634971b6cd8ec325d9c61c00f1df"
                           "73627ed3745a5e8489f3a95c69639c32cd6e1d537a85f75cc844726e8a72fc00"
                           "77ad22000f1d5078f6b866318c668f1ad03d5a5fced5219f2eabbd0aa5c0f460"
                           "d183f04404a0d6f469558e81fab24a167905ab4c7878502ad3e38fdbe62a4155"
                           "6cec37325759533ce8f25f367c87bb5578d667ae93f9e2fd99bcbc5f2fbba88c"
                           "f6516139420fcff3b7361d86322c4bd84c82f335abb152c4a93411373aaa8220"},
    {UINT64_C(0xffffffffff), "64497e5a831e4a932c09be3e5393376daa599548b816031d224bbf50a818ed23"
                             "50eae7e96087c8a0db51ad290bd00c1ac1620857635bf246c176ab463be30b80"
                             "8da548081ac847b158e1264be25bb0910bbc92647108089415d45fab1b3d2604"
                             "e8a8eff1ae4020cfa39936b66827b23f371b92200be90251e6d73c5f86de5fd4"
                             "a950781933d79a28272b782a2ec313efdfcc0628f43d744c2dc2ff3dcb66999b"
                             "50c7ca895b0c64791eeaa5f29499fb1c026f84ce5b5c72ba1083cddb5ce45434"
                             "631665c333b60b11593fb253c5179a2c8db813782a004856a1653011e93fb6d8"
                             "76c18366dd8683f53412c0c180f9c848592d593f8609ca736317d356e13e2bff"
                             "3a9f59cd9aeb19cd482593d8c46128bb32423b37a9adfb482b99453fbe25a41b"
                             "f6feb4aa0bef5ed24bf73c762978025482c13115e4015aac992e5613a3b5c2f6"
                             "85b84795cb6e9b2656d8c88157e52c42f978d8634c43d06fea928f2822e465aa"
                             "6576e9bf419384506cc3ce3c54ac1a6f67dc66f3b30191e698380bc999b05abc"
                             "e19dc0c6dcc2dd001ec535ba18deb2df1a101023108318c75dc98611a09dc48a"
                             "0acdec676fabdf222f07e026f059b672b56e5cbc8e1d21bbd867dd9272120546"
                             "81d70ea737134cdfce93b6f82ae22423274e58a0821cc5502e2d0ab4585e94de"
                             "6975be5e0b4efce51cd3e70c25a1fbbbd609d273ad5b0d59631c531f6a0a57b9"},
};

static struct secret *vector_key(void)
{
    struct error err = {0};
    struct secret *key = secret_new(64, &err);

    assert_non_null(key);
    assert_true(hex_decode(key_text, 128, key->data));
    return key;
}

static void fill_plaintext(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)i;
}

static void run(uint8_t *data, size_t size, uint64_t position, uint32_t sector, bool encrypt)
{
    struct error err = {0};
    OWNED(secret) key = vector_key();
    OWNED(sector_cipher) cipher = sector_cipher_new(key, sector, encrypt, &err);

    assert_non_null(cipher);
    assert_true(sector_cipher_run(cipher, data, size, position, &err));
}

static void test_vector(void **state)
{
    const struct vector *vector = *state;
    uint8_t data[UNIT_BYTES];
    uint8_t plaintext[UNIT_BYTES];
    uint8_t expected[UNIT_BYTES];

    fill_plaintext(data, sizeof(data));
    fill_plaintext(plaintext, sizeof(plaintext));
    assert_true(hex_decode(vector->ciphertext, sizeof(expected) * 2, expected));
    run(data, sizeof(data), vector->sector * UNIT_BYTES, UNIT_BYTES, true);
    assert_memory_equal(data, expected, sizeof(data));
    run(data, sizeof(data), vector->sector * UNIT_BYTES, UNIT_BYTES, false);
    assert_memory_equal(data, plaintext, sizeof(data));
}

/* A sector of 4096 bytes starts like one of 512 with the same tweak, and the next one has a tweak
 * that is higher by 8. */
static void test_large_sector(void **state)
{
    const uint64_t position = UINT64_C(0x123456789000);
    uint8_t large[2 * 4096];
    uint8_t small[UNIT_BYTES];

    (void)state;
    fill_plaintext(large, sizeof(large));
    run(large, sizeof(large), position, 4096, true);
    fill_plaintext(small, sizeof(small));
    run(small, sizeof(small), position, UNIT_BYTES, true);
    assert_memory_equal(large, small, sizeof(small));
    fill_plaintext(small, sizeof(small));
    run(small, sizeof(small), position + 4096, UNIT_BYTES, true);
    assert_memory_equal(large + 4096, small, sizeof(small));
}

static void test_refusals(void **state)
{
    struct error err = {0};
    uint8_t data[4096] = {0};
    OWNED(secret) key = vector_key();
    OWNED(secret) short_key = secret_copy("short", 5, &err);
    OWNED(secret) same_halves = secret_new(64, &err);
    OWNED(sector_cipher) cipher = sector_cipher_new(key, 4096, true, &err);

    (void)state;
    assert_false(sector_cipher_run(cipher, data, 512, 0, &err));
    assert_false(sector_cipher_run(cipher, data, 4096, 512, &err));
    assert_null(sector_cipher_new(key, 1024, true, &err));
    assert_null(sector_cipher_new(short_key, 4096, true, &err));
    assert_null(sector_cipher_new(same_halves, 4096, true, &err));
    assert_int_equal(err.code, COLDSEAL_KEY);
}

static struct CMUnitTest vector_test(const struct vector *vector)
{
    return (struct CMUnitTest){"IEEE 1619 vector", test_vector, NULL, NULL,
                               (void *)(uintptr_t)vector};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        vector_test(&vectors[0]),        vector_test(&vectors[1]),
        vector_test(&vectors[2]),        cmocka_unit_test(test_large_sector),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
