/* SPDX-License-Identifier: Apache-2.0 */
/* What the measured kernel command line promises about the root: coldseal.uuid= and coldseal.pin=,
 * and whether somebody at the console wants to type the recovery key: coldseal.recovery=console. */
#ifndef UNLOCK_CMDLINE_H
#define UNLOCK_CMDLINE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/guid.h"

/* The kernel's own limits are 2 to 4 KiB (COMMAND_LINE_SIZE). */
#define CMDLINE_LIMIT_BYTES ((size_t)64 << 10)
#define CMDLINE_PIN_BYTES 32

struct cmdline {
    char uuid[GUID_TEXT_BYTES];
    uint8_t pin[CMDLINE_PIN_BYTES];
    bool console_recovery;
};

/* UUID and pin exactly once, lower case, neither all zeros; the recovery at most once; and no other
 * field that begins with "coldseal.". COLDSEAL_BAD_IMAGE otherwise. `text` need not end in NUL. */
bool cmdline_parse(const char *text, size_t size, struct cmdline *cmdline, struct error *err);
bool cmdline_read(const char *path, struct cmdline *cmdline, struct error *err);

#endif
