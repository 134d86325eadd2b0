/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/base64.h"
#include "core/checked.h"
#include "core/hex.h"
#include "core/writer.h"
#include "token/systemd_tpm2.h"
#include "token/systemd_tpm2_format.h"

static bool add_base64(json_object *json, const char *key, const struct bytes *bytes,
                       struct error *err)
{
    OWNED_PTR(char) text = base64_encode(bytes->data, bytes->size, err);

    return text != NULL && json_add(json, key, json_object_new_string(text), err);
}

static bool add_blob(json_object *json, const struct systemd_tpm2 *token, struct error *err)
{
    size_t size =
        token->blob_private->size + token->blob_public->size + token->encrypted_seed->size;
    OWNED(bytes) blob = bytes_new(size, err);

    if (blob == NULL)
        return false;
    struct writer w = writer_over(blob->data, blob->size);
    write_bytes(&w, token->blob_private->data, token->blob_private->size);
    write_bytes(&w, token->blob_public->data, token->blob_public->size);
    write_bytes(&w, token->encrypted_seed->data, token->encrypted_seed->size);
    return add_base64(json, "tpm2-blob", blob, err);
}

/* tpm2-tss, src/tss2-esys/esys_mu.c: IESYS_RESOURCE is handle, name, kind, public area. */
static bool add_srk(json_object *json, const struct systemd_tpm2 *token, struct error *err)
{
    OWNED(bytes) srk = bytes_new(8 + token->parent_name->size + token->parent_public->size, err);

    if (srk == NULL)
        return false;
    struct writer w = writer_over(srk->data, srk->size);
    write_u32be(&w, token->parent_handle);
    write_bytes(&w, token->parent_name->data, token->parent_name->size);
    write_u32be(&w, SYSTEMD_TPM2_ESYS_KEY);
    write_bytes(&w, token->parent_public->data, token->parent_public->size);
    return add_base64(json, "tpm2_srk", srk, err);
}

static bool add_pcrs(json_object *json, uint32_t mask, struct error *err)
{
    json_object *pcrs = json_object_new_array();

    if (!json_add(json, "tpm2-pcrs", pcrs, err))
        return false;
    for (int pcr = 0; pcr < SYSTEMD_TPM2_PCRS; pcr++) {
        if ((mask >> pcr & 1) != 0 && !json_append(pcrs, json_object_new_int(pcr), err))
            return false;
    }
    return true;
}

static bool add_keyslots(json_object *json, unsigned keyslot, struct error *err)
{
    json_object *keyslots = json_object_new_array();
    char number[12];

    snprintf(number, sizeof(number), "%u", keyslot);
    return json_add(json, "keyslots", keyslots, err) &&
           json_append(keyslots, json_object_new_string(number), err);
}

static bool add_policy(json_object *json, const struct systemd_tpm2 *token, struct error *err)
{
    char text[2 * sizeof(token->policy_digest) + 1];

    hex_encode(token->policy_digest, sizeof(token->policy_digest), text);
    return add_pcrs(json, token->pcr_mask, err) &&
           json_add(json, "tpm2-pcr-bank", json_object_new_string("sha256"), err) &&
           json_add(json, "tpm2-policy-hash", json_object_new_string(text), err);
}

json_object *systemd_tpm2_to_json(const struct systemd_tpm2 *token, struct error *err)
{
    OWNED_JSON json = json_object_new_object();

    if (json == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!json_add(json, "type", json_object_new_string(SYSTEMD_TPM2_TYPE), err) ||
        !add_keyslots(json, token->keyslot, err) || !add_blob(json, token, err) ||
        !add_policy(json, token, err) ||
        !json_add(json, "tpm2-pin", json_object_new_boolean(false), err) ||
        !json_add(json, "tpm2_pcrlock", json_object_new_boolean(false), err) ||
        !add_srk(json, token, err))
        return NULL;
    return TAKE(json);
}
