/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_HEX_H
#define CORE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lower case; writes 2 * size characters and a NUL. */
void hex_encode(const void *data, size_t size, char *text);
/* Exactly `length` characters, which must be even; writes length / 2 bytes. Either case. */
bool hex_decode(const char *text, size_t length, uint8_t *data);

#endif
