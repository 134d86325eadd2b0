/* SPDX-License-Identifier: Apache-2.0 */
/* The order of steps, for a guest and for the test mode alike. */
#ifndef UNLOCK_RUN_H
#define UNLOCK_RUN_H

#include "options.h"

#define RUN_WAIT_SECONDS 30
#define RUN_RECOVERY_WAIT_SECONDS 5

/* When it returns, PCR 15 has been extended, with the pin or with the failure value, unless no TPM
 * could be reached or it refused (the message says so). */
bool run_unlock(const struct options *options, struct error *err);

#endif
