/* SPDX-License-Identifier: Apache-2.0 */
/* What an encrypted volume is known by: volume key, UUID and, made of both, the pin. */
#ifndef PIPELINE_IDENTITY_H
#define PIPELINE_IDENTITY_H

#include "boot/grub.h"
#include "core/guid.h"
#include "crypt/luks2.h"

struct identity {
    struct secret *volume_key;
    char uuid[GUID_TEXT_BYTES];
    uint8_t pin[PIN_BYTES];
};

/* A new volume key; `uuid` or, where that is NULL, a random one. COLDSEAL_USAGE for no UUID. */
struct identity *identity_new(const char *uuid, struct error *err);
/* Of a volume that exists; takes `volume_key` over, also on failure. */
struct identity *identity_of(struct secret *volume_key, const char *uuid, struct error *err);
void identity_free(struct identity *identity);
DEFINE_OWNED(identity);

#endif
