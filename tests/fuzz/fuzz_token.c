/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of one token. What is taken must be written and taken again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "token/provenance.h"
#include "token/systemd_tpm2.h"

static void check_again(const struct systemd_tpm2 *token)
{
    struct error err = {0};
    OWNED_JSON json = systemd_tpm2_to_json(token, &err);
    OWNED(systemd_tpm2) again = json == NULL ? NULL : systemd_tpm2_from_json(json, &err);

    if (again == NULL || again->keyslot != token->keyslot || again->pcr_mask != token->pcr_mask ||
        again->blob_private->size != token->blob_private->size ||
        again->encrypted_seed->size != token->encrypted_seed->size ||
        memcmp(again->policy_digest, token->policy_digest, sizeof(token->policy_digest)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED_JSON json = json_parse((const char *)data, size, &err);

    if (json == NULL)
        return 0;
    provenance_check(json, &err);
    OWNED(systemd_tpm2) token = systemd_tpm2_from_json(json, &err);
    if (token != NULL)
        check_again(token);
    return 0;
}
