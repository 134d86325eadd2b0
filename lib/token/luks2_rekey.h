/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a disk that is in the middle of a rekey in place. It is LUKS2 with a mandatory
 * requirement that nobody else knows, which every reader of LUKS2 has to refuse; a token holds the
 * metadata of before and of afterwards, and the keyslots of both are in the keyslot area. */
#ifndef TOKEN_LUKS2_REKEY_H
#define TOKEN_LUKS2_REKEY_H

#include "token/luks2_header.h"

/* Keyslots of both headers lie in the first areas; the rest of the area is the journal's. */
#define LUKS2_REKEY_AREA_COUNT 16u
#define LUKS2_REKEY_JOURNAL_OFFSET \
    (LUKS2_KEYSLOTS_OFFSET + LUKS2_REKEY_AREA_COUNT * LUKS2_AREA_BYTES)

struct luks2_rekey {
    struct luks2_header *old; /* opens the old volume key */
    struct luks2_header *new; /* opens the new one; same UUID */
    bool running;             /* data may be encrypted anew already; false: none is */
    uint64_t sequence_id;     /* of what is on the disk */
    bool copies_agree;
    unsigned copy;
};

/* Takes both headers over, also on failure. `new` was moved apart from `old`. COLDSEAL_UNSUPPORTED
 * when they have more keyslots than there is room for beside a journal. */
struct luks2_rekey *luks2_rekey_new(struct luks2_header *old, struct luks2_header *new,
                                    struct error *err);
void luks2_rekey_free(struct luks2_rekey *rekey);
DEFINE_OWNED(luks2_rekey);

/* *rekey is NULL, and the result true, where no rekey is under way. `bytes` as for
 * luks2_header_read(); both headers pass the same list. */
bool luks2_rekey_read(const struct bytes *bytes, struct luks2_rekey **rekey, struct error *err);
/* LUKS2_HEADER_BYTES; the journal's part is zero. COLDSEAL_UNSUPPORTED when the metadata of both do
 * not fit. */
struct bytes *luks2_rekey_serialise(const struct luks2_rekey *rekey, struct error *err);

#endif
