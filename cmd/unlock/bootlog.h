/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's event log as text for a console, so that its owner can find out which event made
 * the PCRs differ. */
#ifndef UNLOCK_BOOTLOG_H
#define UNLOCK_BOOTLOG_H

#include "core/error.h"

#define BOOTLOG_PATH "/sys/kernel/security/tpm0/binary_bios_measurements"

/* From BOOTLOG_PATH, with securityfs mounted where it is not yet, or from another `path`. The text
 * has its markers and is freed with free(3). NULL and err when there is no log. */
char *bootlog_text(const char *path, struct error *err);

#endif
