/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/authenticode.h"

#include "measure/authenticode_ranges.h"

bool authenticode_digests(const struct pe *pe, struct digest_set *digests, struct error *err)
{
    struct authenticode_ranges ranges;

    if (!authenticode_ranges(pe, AUTHENTICODE_EDK2, &ranges, err))
        return false;
    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        if (!authenticode_ranges_digest(pe, &ranges, bank, digest_set_value(digests, bank), err))
            return false;
    }
    return true;
}
