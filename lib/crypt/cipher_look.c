/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/cipher_look.h"

#include <string.h>

#define VALUES 256
#define LANES 4
#define EXPECTED (CIPHER_LOOK_BYTES / VALUES)
/* 255 degrees of freedom: the mean is 255. By Wilson and Hilferty's approximation both bounds are
 * nine standard deviations away. */
#define CHI_SQUARE_LEAST 100
#define CHI_SQUARE_MOST 515

/* sum((count - expected)^2) / expected, which is sum(count^2) / expected - size */
static uint32_t chi_square(const uint8_t *block)
{
    /* a lane each, so that equal neighbours do not wait for each other */
    uint16_t counts[LANES][VALUES] = {0};
    uint32_t squares = 0;

    for (size_t i = 0; i < CIPHER_LOOK_BYTES; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++)
            counts[lane][block[i + lane]]++;
    }
    for (size_t value = 0; value < VALUES; value++) {
        uint32_t count = 0;
        for (size_t lane = 0; lane < LANES; lane++)
            count += counts[lane][value];
        squares += count * count;
    }
    return squares / EXPECTED - CIPHER_LOOK_BYTES;
}

enum cipher_look cipher_look(const uint8_t block[CIPHER_LOOK_BYTES])
{
    if (block[0] == 0 && memcmp(block, block + 1, CIPHER_LOOK_BYTES - 1) == 0)
        return CIPHER_LOOK_ZERO;
    uint32_t spread = chi_square(block);
    return spread < CHI_SQUARE_LEAST || spread > CHI_SQUARE_MOST ? CIPHER_LOOK_PLAIN
                                                                 : CIPHER_LOOK_RANDOM;
}
