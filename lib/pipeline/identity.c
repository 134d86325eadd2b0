/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/identity.h"

#include <openssl/rand.h>
#include <stdio.h>

/* RFC 4122, clause 4.4: version 4, variant 1. */
static bool random_uuid(char uuid[GUID_TEXT_BYTES], struct error *err)
{
    struct guid guid;

    if (RAND_bytes(guid.bytes, sizeof(guid.bytes)) != 1)
        return error_set(err, COLDSEAL_KEY, "OpenSSL gives no random bytes");
    guid_format(&guid, uuid);
    uuid[14] = '4';
    uuid[19] = "89ab"[guid.bytes[8] & 3];
    return true;
}

static bool choose_uuid(const char *wanted, char uuid[GUID_TEXT_BYTES], struct error *err)
{
    struct guid guid;

    if (wanted == NULL)
        return random_uuid(uuid, err);
    if (!guid_parse(wanted, &guid) || guid_is_zero(&guid))
        return error_set(err, COLDSEAL_USAGE, "\"%s\" is not a UUID", wanted);
    guid_format(&guid, uuid);
    return true;
}

struct identity *identity_of(struct secret *volume_key, const char *uuid, struct error *err)
{
    OWNED(secret) key = volume_key;
    OWNED(identity) identity = calloc(1, sizeof(*identity));

    if (identity == NULL) {
        error_no_memory(err);
        return NULL;
    }
    snprintf(identity->uuid, sizeof(identity->uuid), "%s", uuid);
    identity->volume_key = TAKE(key);
    return luks2_pin(identity->volume_key, identity->uuid, identity->pin, err) ? TAKE(identity)
                                                                               : NULL;
}

struct identity *identity_new(const char *uuid, struct error *err)
{
    char chosen[GUID_TEXT_BYTES];
    OWNED(secret) key = secret_random(LUKS2_VOLUME_KEY_BYTES, err);

    return key != NULL && choose_uuid(uuid, chosen, err) ? identity_of(TAKE(key), chosen, err)
                                                         : NULL;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    secret_free(identity->volume_key);
    free(identity);
}
