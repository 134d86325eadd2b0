/* SPDX-License-Identifier: Apache-2.0 */
/* A good header for tests: keyslots 0 and 1 pbkdf2, 2 argon2id; a token of each kind. */
#ifndef TESTS_LUKS2_SAMPLE_H
#define TESTS_LUKS2_SAMPLE_H

#include "crypt/luks2.h"

#define SAMPLE_UUID "4a8f7c52-91d3-4e0b-8f6d-2b5c7e9a1f30"
#define SAMPLE_KEYSLOTS 3

/* Any of them fails the test when it cannot. */
struct secret *sample_secret(const char *text);
struct secret *sample_volume_key(void);
json_object *sample_json(const char *text);
/* A token "systemd-tpm2" for keyslot 0 whose blobs mean nothing. */
json_object *sample_tpm2_token(void);
/* Passphrases: prefix and the keyslot's number, as "old0". */
struct luks2_header *sample_header(const char *prefix, unsigned keyslots, bool with_argon2);

#endif
