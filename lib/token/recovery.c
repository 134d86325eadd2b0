/* SPDX-License-Identifier: Apache-2.0 */
#include "token/recovery.h"

#include <ctype.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define GROUP_DIGITS 5
#define RANDOM_BYTES 64

static bool is_dash_place(size_t i)
{
    return i % (GROUP_DIGITS + 1) == GROUP_DIGITS;
}

/* 250 of a byte's 256 values give each digit equally often; the rest is drawn again. */
static size_t fill_digits(struct secret *key, size_t position, const struct secret *random)
{
    for (size_t i = 0; i < random->size && position < key->size; i++) {
        if (random->data[i] >= 250)
            continue;
        key->data[position++] = (uint8_t)('0' + random->data[i] % 10);
        if (position < key->size && is_dash_place(position))
            key->data[position++] = '-';
    }
    return position;
}

struct secret *recovery_key_new(struct error *err)
{
    OWNED(secret) key = secret_new(RECOVERY_KEY_CHARACTERS, err);
    size_t position = 0;

    while (key != NULL && position < key->size) {
        OWNED(secret) random = secret_random(RANDOM_BYTES, err);
        if (random == NULL)
            return NULL;
        position = fill_digits(key, position, random);
    }
    return TAKE(key);
}

static bool has_form(const uint8_t *text, size_t size)
{
    if (size != RECOVERY_KEY_CHARACTERS)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (is_dash_place(i) ? text[i] != '-' : !isdigit(text[i]))
            return false;
    }
    return true;
}

struct secret *recovery_key_normalise(const struct secret *typed, struct error *err)
{
    const uint8_t *start = typed->data;
    size_t size = typed->size;

    for (; size > 0 && isspace(*start); start++)
        size--;
    while (size > 0 && isspace(start[size - 1]))
        size--;
    return has_form(start, size) ? secret_copy(start, size, err)
                                 : secret_copy(typed->data, typed->size, err);
}

json_object *recovery_token_json(unsigned keyslot, struct error *err)
{
    OWNED_JSON token = json_object_new_object();
    char number[12];

    if (token == NULL) {
        error_no_memory(err);
        return NULL;
    }
    snprintf(number, sizeof(number), "%u", keyslot);
    json_object *keyslots = json_object_new_array();
    if (!json_add(token, "type", json_object_new_string("systemd-recovery"), err) ||
        !json_add(token, "keyslots", keyslots, err) ||
        !json_append(keyslots, json_object_new_string(number), err))
        return NULL;
    return TAKE(token);
}
