/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/hex.h"
#include "core/reader.h"
#include "token/luks2_rules.h"
#include "token/systemd_tpm2.h"
#include "token/systemd_tpm2_format.h"

void systemd_tpm2_free(struct systemd_tpm2 *token)
{
    if (token == NULL)
        return;
    bytes_free(token->blob_private);
    bytes_free(token->blob_public);
    bytes_free(token->encrypted_seed);
    bytes_free(token->parent_name);
    bytes_free(token->parent_public);
    free(token);
}

/* What systemd may write and we do not: said by name, since such a token is not a broken one. */
static bool check_members(json_object *json, struct error *err)
{
    static const char *const ours[] = {
        "type",     "keyslots",     "tpm2-blob", "tpm2-pcrs", "tpm2-pcr-bank", "tpm2-policy-hash",
        "tpm2-pin", "tpm2_pcrlock", "tpm2_srk",  NULL};
    static const char *const foreign[] = {"tpm2_salt", "tpm2_pubkey", "tpm2_pubkey_pcrs",
                                          "tpm2-primary-alg", "tpm2_pcrlock_nv"};

    if (!json_object_is_type(json, json_type_object))
        return error_set(err, COLDSEAL_BAD_IMAGE, "not an object");
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (json_object_object_get_ex(json, foreign[i], NULL))
            return error_set(err, COLDSEAL_UNSUPPORTED, "uses \"%s\"", foreign[i]);
    }
    return luks2_rule_members(json, "systemd-tpm2-members", ours, err);
}

static bool check_is_off(json_object *json, const char *key, struct error *err)
{
    bool value;

    if (!json_get_bool(json, key, &value, err))
        return false;
    return !value || error_set(err, COLDSEAL_UNSUPPORTED, "\"%s\" is set", key);
}

static bool check_string(json_object *json, const char *key, const char *expected,
                         enum coldseal_code code, struct error *err)
{
    const char *value;

    if (!json_get_string(json, key, &value, err))
        return false;
    return strcmp(value, expected) == 0 ||
           error_set(err, code, "\"%s\" is \"%s\", not \"%s\"", key, value, expected);
}

static bool add_pcr(json_object *item, uint32_t *mask, struct error *err)
{
    int64_t pcr = json_object_get_int64(item);

    if (!json_object_is_type(item, json_type_int) || pcr < 0 || pcr >= SYSTEMD_TPM2_PCRS)
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2-pcrs\" holds something that is no PCR");
    if ((*mask >> pcr & 1) != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2-pcrs\" names PCR %d twice", (int)pcr);
    *mask |= UINT32_C(1) << pcr;
    return true;
}

static bool read_pcrs(json_object *json, uint32_t *mask, struct error *err)
{
    json_object *pcrs;

    if (!json_get_array(json, "tpm2-pcrs", &pcrs, err))
        return false;
    for (size_t i = 0; i < json_object_array_length(pcrs); i++) {
        if (!add_pcr(json_object_array_get_idx(pcrs, i), mask, err))
            return false;
    }
    return true;
}

static bool read_policy_digest(json_object *json, uint8_t digest[32], struct error *err)
{
    const char *text;

    if (!json_get_string(json, "tpm2-policy-hash", &text, err))
        return false;
    return (strlen(text) == 64 && hex_decode(text, 64, digest)) ||
           error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2-policy-hash\" is no SHA-256 digest");
}

/* A TPM2B with its size in front, as a value of its own. */
static struct bytes *read_tpm2b(struct reader *r, struct error *err)
{
    struct reader start = *r;
    uint16_t size;
    const uint8_t *whole;

    if (!read_u16be(r, &size) || size == 0 || !reader_skip(r, size) ||
        !read_view(&start, &whole, 2 + (size_t)size)) {
        error_set(err, COLDSEAL_BAD_IMAGE, "a TPM2B ends early or is empty");
        return NULL;
    }
    return bytes_copy(whole, 2 + (size_t)size, err);
}

static struct bytes *read_base64(json_object *json, const char *key, struct error *err)
{
    const char *text;
    struct bytes *bytes = NULL;

    if (!json_get_string(json, key, &text, err))
        return NULL;
    bytes = base64_decode(text, err);
    if (bytes == NULL)
        error_wrap(err, "\"%s\"", key);
    return bytes;
}

static bool read_blob(json_object *json, struct systemd_tpm2 *token, struct error *err)
{
    OWNED(bytes) blob = read_base64(json, "tpm2-blob", err);

    if (blob == NULL)
        return false;
    struct reader r = reader_over(blob->data, blob->size);
    token->blob_private = read_tpm2b(&r, err);
    token->blob_public = token->blob_private == NULL ? NULL : read_tpm2b(&r, err);
    if (token->blob_public == NULL)
        return error_wrap(err, "\"tpm2-blob\"");
    if (reader_left(&r) == 0)
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "\"tpm2-blob\" has no encrypted seed: it was sealed on its TPM");
    token->encrypted_seed = read_tpm2b(&r, err);
    if (token->encrypted_seed == NULL)
        return error_wrap(err, "\"tpm2-blob\"");
    return reader_left(&r) == 0 ||
           error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2-blob\" is followed by other data");
}

static bool read_srk(json_object *json, struct systemd_tpm2 *token, struct error *err)
{
    OWNED(bytes) srk = read_base64(json, "tpm2_srk", err);
    uint32_t kind = 0;

    if (srk == NULL)
        return false;
    struct reader r = reader_over(srk->data, srk->size);
    if (!read_u32be(&r, &token->parent_handle))
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2_srk\" ends early");
    token->parent_name = read_tpm2b(&r, err);
    if (token->parent_name == NULL)
        return error_wrap(err, "\"tpm2_srk\"");
    if (!read_u32be(&r, &kind) || kind != SYSTEMD_TPM2_ESYS_KEY)
        return error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2_srk\" is no key");
    token->parent_public = read_tpm2b(&r, err);
    if (token->parent_public == NULL)
        return error_wrap(err, "\"tpm2_srk\"");
    return reader_left(&r) == 0 ||
           error_set(err, COLDSEAL_BAD_IMAGE, "\"tpm2_srk\" is followed by other data");
}

static bool read_token(json_object *json, struct systemd_tpm2 *token, struct error *err)
{
    return check_members(json, err) &&
           check_string(json, "type", SYSTEMD_TPM2_TYPE, COLDSEAL_BAD_IMAGE, err) &&
           check_string(json, "tpm2-pcr-bank", "sha256", COLDSEAL_UNSUPPORTED, err) &&
           check_is_off(json, "tpm2-pin", err) && check_is_off(json, "tpm2_pcrlock", err) &&
           luks2_token_keyslot(json, &token->keyslot, err) &&
           read_pcrs(json, &token->pcr_mask, err) &&
           read_policy_digest(json, token->policy_digest, err) && read_blob(json, token, err) &&
           read_srk(json, token, err);
}

struct systemd_tpm2 *systemd_tpm2_from_json(json_object *json, struct error *err)
{
    OWNED(systemd_tpm2) token = calloc(1, sizeof(*token));

    if (token == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!read_token(json, token, err)) {
        error_wrap(err, "token systemd-tpm2");
        return NULL;
    }
    return TAKE(token);
}
