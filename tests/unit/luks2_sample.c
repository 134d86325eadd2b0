/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "luks2_sample.h"
#include "token/provenance.h"
#include "token/recovery.h"

struct secret *sample_secret(const char *text)
{
    struct error err = {0};
    struct secret *secret = secret_copy(text, strlen(text), &err);

    assert_non_null(secret);
    return secret;
}

struct secret *sample_volume_key(void)
{
    struct error err = {0};
    struct secret *key = secret_new(LUKS2_VOLUME_KEY_BYTES, &err);

    assert_non_null(key);
    for (size_t i = 0; i < key->size; i++)
        key->data[i] = (uint8_t)(i * 37 + 11);
    return key;
}

json_object *sample_json(const char *text)
{
    struct error err = {0};
    json_object *json = json_parse(text, strlen(text), &err);

    assert_non_null(json);
    return json;
}

json_object *sample_tpm2_token(void)
{
    return sample_json("{\"type\":\"systemd-tpm2\",\"keyslots\":[\"0\"],\"tpm2-blob\":\"AAA=\","
                       "\"tpm2-pcrs\":[4,7],\"tpm2-pcr-bank\":\"sha256\"}");
}

struct luks2_header *sample_header(const char *prefix, unsigned keyslots, bool with_argon2)
{
    struct error err = {0};
    struct luks2_keyslot slots[LUKS2_MAX_KEYSLOTS] = {0};
    OWNED(secret) key = sample_volume_key();
    OWNED_JSON provenance = provenance_new("pooled", &err);
    OWNED_JSON tpm2 = sample_tpm2_token();
    OWNED_JSON recovery = recovery_token_json(1, &err);

    assert_true(keyslots >= 2);
    for (unsigned i = 0; i < keyslots; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%s%u", prefix, i);
        slots[i] = (struct luks2_keyslot){.passphrase = sample_secret(text)};
    }
    slots[0].token = tpm2;
    slots[1].token = recovery;
    if (with_argon2)
        slots[keyslots - 1].cost = LUKS2_COST_CHOSEN;
    struct luks2_request request = {SAMPLE_UUID, key, slots, keyslots, provenance};
    struct luks2_header *header = luks2_build(&request, &err);
    if (header == NULL)
        fail_msg("%s", err.message);
    for (unsigned i = 0; i < keyslots; i++)
        secret_free((struct secret *)slots[i].passphrase);
    return header;
}
