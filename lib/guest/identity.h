/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a machine that machine, and must not be the same on all that an image is for. */
#ifndef GUEST_IDENTITY_H
#define GUEST_IDENTITY_H

#include "guest/guest_root.h"

/* Clears machine-id, SSH host keys, random seeds and cloud-init's state. */
bool identity_clear(struct guest_root *guest, struct lines *changes, struct error *err);

#endif
