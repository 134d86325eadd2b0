/* SPDX-License-Identifier: Apache-2.0 */
/* ORDER files: the scripts of one folder of an initramfs, in their turn (initramfs-tools(7)). */
#ifndef GUEST_INITRAMFS_ORDER_H
#define GUEST_INITRAMFS_ORDER_H

#include <stdbool.h>

#include "core/error.h"

/* The text with a call of the script added, where initramfs-tools has it: by name; one that has
 * prerequisites at the end. Freed with free(3). Pure. */
char *initramfs_order_add(const char *text, const char *folder, const char *script,
                          bool has_prerequisites, struct error *err);

#endif
