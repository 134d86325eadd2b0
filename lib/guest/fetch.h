/* SPDX-License-Identifier: Apache-2.0 */
/* Packages that the guest fetches from its own sources, over the appliance's network. */
#ifndef GUEST_FETCH_H
#define GUEST_FETCH_H

#include "guest/guest_root.h"

/* Installs `packages` with what they depend on. COLDSEAL_IO where that fails: no network, no such
 * package, a signature that is not right. */
bool guest_fetch_packages(struct guest_root *guest, const struct lines *packages,
                          struct lines *changes, struct error *err);

#endif
