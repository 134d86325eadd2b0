/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPT_CIPHER_LOOK_H
#define CRYPT_CIPHER_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#define CIPHER_LOOK_BYTES 4096

enum cipher_look {
    CIPHER_LOOK_RANDOM, /* ciphertext, or what is compressed well */
    CIPHER_LOOK_ZERO,
    CIPHER_LOOK_PLAIN, /* its bytes are spread as those of no ciphertext */
};

/* By Pearson's chi-square over the 256 values of the bytes of one block. Of 2^60 blocks of real
 * ciphertext less than one is called plain. */
enum cipher_look cipher_look(const uint8_t block[CIPHER_LOOK_BYTES]);

#endif
