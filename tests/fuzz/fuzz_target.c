/* SPDX-License-Identifier: Apache-2.0 */
/* A target document that is taken can be written and read again, and sealed to or refused. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "seal/duplicate.h"

static void check_written(const struct target *target)
{
    struct error err = {0};
    OWNED_JSON json = target_to_json(target, &err);
    OWNED(target) again = json == NULL ? NULL : target_from_json(json, &err);

    if (again == NULL || again->name->size != target->name->size ||
        memcmp(again->name->data, target->name->data, target->name->size) != 0)
        abort();
}

static void seal(const struct target *target)
{
    const uint8_t policy[32] = {1};
    struct error err = {0};
    OWNED(secret) secret = secret_random(32, &err);
    OWNED(duplicate)
    duplicate = secret == NULL ? NULL : duplicate_seal(target, secret, policy, &err);

    if (duplicate == NULL && err.message[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED_JSON json = json_parse((const char *)data, size, &err);
    OWNED(target) target = json == NULL ? NULL : target_from_json(json, &err);

    if (target == NULL)
        return 0;
    check_written(target);
    seal(target);
    return 0;
}
