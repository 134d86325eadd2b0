/* SPDX-License-Identifier: Apache-2.0 */
/* seal --targets. */
#ifndef COLDSEAL_SEAL_MANY_H
#define COLDSEAL_SEAL_MANY_H

#include "command.h"

/* What goes only without --targets, as a message; NULL: nothing. */
const char *seal_many_wrong(const struct coldseal_seal_options *options, const char *overlay,
                            const char *delta);
int seal_many_run(const struct parsed *parsed, const struct coldseal_seal_options *options,
                  const char *targets);

#endif
