/* SPDX-License-Identifier: Apache-2.0 */
/* Keyslots taken over from another header of the same volume key, without their secrets. Private to
 * lib/crypt. */
#ifndef CRYPT_LUKS2_KEEP_H
#define CRYPT_LUKS2_KEEP_H

#include "token/luks2_header.h"

/* Puts keyslot `from_number` of `from` into `header` as its keyslot `number`, with its bytes in the
 * free area `index`. COLDSEAL_BUG when it is not there. */
bool luks2_keep_keyslot(struct luks2_header *header, unsigned number, unsigned index,
                        const struct luks2_header *from, unsigned from_number, struct error *err);

#endif
