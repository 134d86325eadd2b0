/* SPDX-License-Identifier: Apache-2.0 */
/* Token "systemd-recovery" and the recovery key: eight groups of five digits with dashes between,
 * 132 bits from 40 random digits. The passphrase is the text as printed, without a newline. */
#ifndef TOKEN_RECOVERY_H
#define TOKEN_RECOVERY_H

#include "core/json.h"
#include "core/secret.h"

#define RECOVERY_KEY_CHARACTERS 47

struct secret *recovery_key_new(struct error *err);
/* Takes what a person typed: white space around it and a final newline are dropped. A secret that
 * does not have the form is returned as it is, since other passphrases open images too. */
struct secret *recovery_key_normalise(const struct secret *typed, struct error *err);
json_object *recovery_token_json(unsigned keyslot, struct error *err);

#endif
