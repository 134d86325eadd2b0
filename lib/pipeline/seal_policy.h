/* SPDX-License-Identifier: Apache-2.0 */
/* To which TPM, and under which PCR values. */
#ifndef PIPELINE_SEAL_POLICY_H
#define PIPELINE_SEAL_POLICY_H

#include "coldseal.h"
#include "measure/pcr.h"
#include "seal/target.h"
#include "token/luks2_header.h"

struct seal_policy {
    struct target *target;
    struct pcr_values values;
    uint32_t mask;
    uint8_t digest[32];
};

/* `new_pin`: the image's pin becomes another, and with it PCR 8 and 9 (grub.cfg and the command
 * line): values of a boot before that do not hold. COLDSEAL_USAGE. */
struct seal_policy *seal_policy_read(const struct coldseal_policy_options *options, bool new_pin,
                                     struct error *err);
void seal_policy_free(struct seal_policy *policy);
DEFINE_OWNED(seal_policy);

/* The token is for this storage key; for this policy as well. False, too, for one that cannot be
 * read. */
bool seal_policy_names_parent(const struct seal_policy *policy, json_object *token);
bool seal_policy_matches(const struct seal_policy *policy, json_object *token);

/* Adds what the provenance token and the report say of it: "pcrs", "target", "policy". */
bool seal_policy_describe(const struct seal_policy *policy, json_object *json,
                          const char *digest_key, struct error *err);

#endif
