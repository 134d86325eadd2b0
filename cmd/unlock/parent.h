/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNLOCK_PARENT_H
#define UNLOCK_PARENT_H

#include "seal/target.h"
#include "token/systemd_tpm2.h"

/* The storage key that a token names, its Name computed from the public area. COLDSEAL_BAD_IMAGE
 * when the token gives another Name. */
struct target *parent_of_token(const struct systemd_tpm2 *token, struct error *err);

#endif
