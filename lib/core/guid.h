/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs as UEFI stores them (UEFI 2.10, appendix A: the first three fields little-endian) and the
 * text of them, lower case. */
#ifndef CORE_GUID_H
#define CORE_GUID_H

#include <stdbool.h>
#include <stdint.h>

#define GUID_TEXT_BYTES 37

struct guid {
    uint8_t bytes[16];
};

bool guid_equal(const struct guid *a, const struct guid *b);
bool guid_is_zero(const struct guid *guid);
void guid_format(const struct guid *guid, char text[GUID_TEXT_BYTES]);
/* Either case; exactly 36 characters. */
bool guid_parse(const char *text, struct guid *guid);

#endif
