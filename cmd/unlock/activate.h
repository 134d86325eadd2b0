/* SPDX-License-Identifier: Apache-2.0 */
/* The validated header and its key, given to libcryptsetup. */
#ifndef UNLOCK_ACTIVATE_H
#define UNLOCK_ACTIVATE_H

#include "unlock.h"

/* libcryptsetup loads the header from memory and agrees that this is its volume key. Touches no
 * device. COLDSEAL_KEY. */
bool activate_verify(const struct unlocked *unlocked, struct error *err);

/* Maps the root as LUKS2_MAPPER_NAME and compares the live table; nothing stays mapped on failure.
 * The device's own header is not read again. */
bool activate_root(const struct unlocked *unlocked, struct error *err);

#endif
