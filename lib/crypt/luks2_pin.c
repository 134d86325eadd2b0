/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "core/guid.h"
#include "crypt/luks2.h"

bool luks2_pin(const struct secret *volume_key, const char *uuid, uint8_t pin[32],
               struct error *err)
{
    static const char prefix[] = "cryptsetup:" LUKS2_MAPPER_NAME ":";
    char text[sizeof(prefix) + GUID_TEXT_BYTES];
    int length = snprintf(text, sizeof(text), "%s%s", prefix, uuid);

    if (strlen(uuid) != GUID_TEXT_BYTES - 1)
        return error_set(err, COLDSEAL_BUG, "pin: \"%s\" is no UUID", uuid);
    return digest_hmac(DIGEST_SHA256, volume_key->data, volume_key->size, text, (size_t)length, pin,
                       err);
}
