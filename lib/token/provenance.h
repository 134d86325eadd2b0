/* SPDX-License-Identifier: Apache-2.0 */
/* Token "coldseal": where an encrypted image comes from and what protects it. Information for
 * people and for verify; nothing that unlocks trusts it. */
#ifndef TOKEN_PROVENANCE_H
#define TOKEN_PROVENANCE_H

#include "core/json.h"

#define PROVENANCE_FORMAT 1
#define PROVENANCE_TOKEN_TYPE "coldseal"
/* Member of a header that a rekey in place wrote. */
#define PROVENANCE_REKEYED "rekeyed_in_place"

/* { "type": "coldseal", "keyslots": [], "format": 1, "tool": "coldseal 0.1", "state": "pooled" |
 *   "sealed", "chain": "grub", "created": RFC 3339 } plus what the caller adds with json_add:
 *   "source_sha256", "guest" (what prepare was told: pipeline/guest_stamp.h), "pcrs", "policy",
 *   "key": "shared", "target", "recovery". */
json_object *provenance_new(const char *state, struct error *err);
/* Checks type and format only. Another format is COLDSEAL_UNSUPPORTED. */
bool provenance_check(json_object *token, struct error *err);

#endif
