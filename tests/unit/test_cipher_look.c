/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks that are ciphertext, and blocks that only look much alike. */
#include <openssl/rand.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypt/cipher_look.h"

#define RANDOM_BLOCKS 20000

static void test_random_blocks(void **state)
{
    uint8_t block[CIPHER_LOOK_BYTES];

    (void)state;
    for (int i = 0; i < RANDOM_BLOCKS; i++) {
        assert_int_equal(RAND_bytes(block, sizeof(block)), 1);
        assert_int_equal(cipher_look(block), CIPHER_LOOK_RANDOM);
    }
}

static void test_zero(void **state)
{
    uint8_t block[CIPHER_LOOK_BYTES] = {0};

    (void)state;
    assert_int_equal(cipher_look(block), CIPHER_LOOK_ZERO);
    block[CIPHER_LOOK_BYTES - 1] = 1;
    assert_int_equal(cipher_look(block), CIPHER_LOOK_PLAIN);
    memset(block, 0xff, sizeof(block));
    assert_int_equal(cipher_look(block), CIPHER_LOOK_PLAIN);
}

static void test_text(void **state)
{
    char block[CIPHER_LOOK_BYTES + 16];

    (void)state;
    for (int used = 0; used < CIPHER_LOOK_BYTES;)
        used += snprintf(block + used, 16, "line %d\n", used);
    assert_int_equal(cipher_look((const uint8_t *)block), CIPHER_LOOK_PLAIN);
}

/* Every value as often as any other: no ciphertext is that even. */
static void test_counter(void **state)
{
    uint8_t block[CIPHER_LOOK_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (uint8_t)i;
    assert_int_equal(cipher_look(block), CIPHER_LOOK_PLAIN);
}

/* A quarter of the block in the clear. */
static void test_partly_plain(void **state)
{
    uint8_t block[CIPHER_LOOK_BYTES];

    (void)state;
    assert_int_equal(RAND_bytes(block, sizeof(block)), 1);
    memset(block, 'x', sizeof(block) / 4);
    assert_int_equal(cipher_look(block), CIPHER_LOOK_PLAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_blocks), cmocka_unit_test(test_zero),
        cmocka_unit_test(test_text),          cmocka_unit_test(test_counter),
        cmocka_unit_test(test_partly_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
