/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_RECOVERY_TEST_H
#define PIPELINE_RECOVERY_TEST_H

#include "coldseal.h"
#include "core/json.h"

/* Does the secret in the key file open a recovery keyslot, and is its volume key the one that
 * grub.cfg is pinned to? Changes nothing. COLDSEAL_KEY. */
bool recovery_test(const struct coldseal_recovery_options *options, json_object *json,
                   struct error *err);

#endif
