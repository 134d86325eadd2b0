/* SPDX-License-Identifier: Apache-2.0 */
/* Packages that change the boot files are held back from upgrades, in dpkg's own list. */
#ifndef GUEST_HOLDS_H
#define GUEST_HOLDS_H

#include "guest/guest_root.h"

bool holds_set(struct guest_root *guest, struct lines *changes, struct error *err);

/* Of dpkg's status (deb822(5) stanzas): the boot packages that are installed. Pure. */
bool holds_list(const char *status, struct lines *packages, struct error *err);
/* The same text with those packages on hold, as "dpkg --set-selections" writes it; freed with
 * free(3). Pure. */
char *holds_apply(const char *status, const struct lines *packages, struct error *err);

#endif
