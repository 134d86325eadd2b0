/* SPDX-License-Identifier: Apache-2.0 */
/* The recovery key, typed into a console: only where the measured command line says so. The host
 * drives that console, so the key is the host's from then on; the screen says it. */
#ifndef UNLOCK_RECOVERY_H
#define UNLOCK_RECOVERY_H

#include "unlock.h"

#define RECOVERY_ATTEMPTS 3

/* Asks, up to RECOVERY_ATTEMPTS times; the TPM is not asked, the pin counts as ever. `is_test`:
 * reads standard input, and leaves the consoles alone. */
struct unlocked *recovery_ask(bool is_test, const struct cmdline *cmdline,
                              const struct candidates *candidates, struct error *err);

#endif
