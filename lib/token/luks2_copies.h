/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the two binary headers counts (LUKS2 On-Disk Format Specification 1.1.2, chapter 2).
 * Private to lib/token. */
#ifndef TOKEN_LUKS2_COPIES_H
#define TOKEN_LUKS2_COPIES_H

#include "token/luks2_binary.h"

/* The valid copy with the higher sequence id, its fields checked; *agree: the other one says the
 * same. COLDSEAL_UNSUPPORTED where there is no LUKS2 header at all. */
bool luks2_copies_read(const struct bytes *bytes, struct luks2_binary *chosen, bool *agree,
                       struct error *err);

#endif
