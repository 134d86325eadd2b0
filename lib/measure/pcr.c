/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/pcr.h"

#include <stdio.h>
#include <string.h>

#include "core/hex.h"

/* One or two digits at `*text`, without a leading zero, below PCR_COUNT. */
static bool parse_index(const char **text, unsigned *pcr)
{
    const char *p = *text;
    unsigned number = 0;

    while (*p >= '0' && *p <= '9' && p - *text < 2)
        number = number * 10 + (unsigned)(*p++ - '0');
    if (p == *text || (p - *text == 2 && **text == '0') || number >= PCR_COUNT)
        return false;
    *text = p;
    *pcr = number;
    return true;
}

bool pcr_mask_parse(const char *text, uint32_t *mask, struct error *err)
{
    const char *p = text;
    uint32_t found = 0;

    for (;;) {
        unsigned pcr;

        if (!parse_index(&p, &pcr) || (*p != '\0' && *p != ',' && *p != '+'))
            return error_set(err, COLDSEAL_USAGE,
                             "\"%s\" is not a list of PCRs: numbers from 0 to %d with commas "
                             "between them",
                             text, PCR_COUNT - 1);
        found |= 1u << pcr;
        if (*p++ == '\0')
            break;
    }
    *mask = found;
    return true;
}

void pcr_mask_format(uint32_t mask, char text[64])
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
        if ((mask & 1u << pcr) != 0)
            used += (size_t)snprintf(text + used, 64 - used, "%s%u", used > 0 ? "+" : "", pcr);
    }
}

static bool value_from_json(const char *key, json_object *value, enum digest_algorithm bank,
                            struct pcr_bank_values *values, struct error *err)
{
    int digits = 2 * (int)digest_size(bank);
    const char *end = key;
    unsigned pcr;

    if (!parse_index(&end, &pcr) || *end != '\0')
        return error_set(err, COLDSEAL_BAD_IMAGE, "PCR values: \"%s\" is not a PCR", key);
    if (!json_object_is_type(value, json_type_string) ||
        json_object_get_string_len(value) != digits ||
        !hex_decode(json_object_get_string(value), (size_t)digits,
                    digest_set_value(&values->pcrs[pcr], bank)))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "PCR values: the value of PCR %u is not %d hexadecimal digits", pcr,
                         digits);
    values->known |= 1u << pcr;
    return true;
}

static bool bank_from_json(json_object *json, enum digest_algorithm bank,
                           struct pcr_bank_values *values, struct error *err)
{
    json_object_object_foreach(json, key, value)
    {
        if (!value_from_json(key, value, bank, values, err))
            return false;
    }
    return true;
}

bool pcr_values_from_json(json_object *json, struct pcr_values *values, struct error *err)
{
    struct pcr_bank_values found = {0};
    json_object *holder;
    json_object *bank;

    if (!json_object_object_get_ex(json, "pcrs", &holder))
        holder = json;
    if (!json_get_object(holder, "sha256", &bank, err))
        return error_wrap(err, "PCR values");
    if (!bank_from_json(bank, DIGEST_SHA256, &found, err))
        return false;
    values->known = found.known;
    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
        memcpy(values->sha256[pcr], found.pcrs[pcr].sha256, sizeof(values->sha256[pcr]));
    return true;
}

bool pcr_bank_values_from_json(json_object *json, struct pcr_bank_values *values, struct error *err)
{
    struct pcr_bank_values found = {0};

    for (size_t i = 0; i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        uint32_t before = found.known;
        json_object *member;
        if (!json_object_object_get_ex(json, digest_name(bank), &member))
            continue;
        found.known = 0;
        if (!json_get_object(json, digest_name(bank), &member, err) ||
            !bank_from_json(member, bank, &found, err))
            return false;
        if (found.banks != 0 && found.known != before)
            return error_set(err, COLDSEAL_BAD_IMAGE, "PCR values: the banks have different PCRs");
        found.banks |= 1u << i;
    }
    *values = found;
    return true;
}

static json_object *bank_to_json(const struct pcr_bank_values *values, enum digest_algorithm bank,
                                 uint32_t mask, struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    for (unsigned pcr = 0; json != NULL && pcr < PCR_COUNT; pcr++) {
        char key[4];
        char text[2 * DIGEST_MAX_BYTES + 1];
        if ((values->known & mask & 1u << pcr) == 0)
            continue;
        snprintf(key, sizeof(key), "%u", pcr);
        hex_encode(digest_set_value_const(&values->pcrs[pcr], bank), digest_size(bank), text);
        if (!json_add(json, key, json_object_new_string(text), err))
            return NULL;
    }
    return TAKE(json);
}

json_object *pcr_bank_values_to_json(const struct pcr_bank_values *values, uint32_t mask,
                                     struct error *err)
{
    OWNED_JSON json = json_new_object(err);

    for (size_t i = 0; json != NULL && i < DIGEST_SET_BANKS; i++) {
        enum digest_algorithm bank = digest_set_algorithm(i);
        if ((values->banks & 1u << i) == 0)
            continue;
        json_object *member = bank_to_json(values, bank, mask, err);
        if (member == NULL || !json_add(json, digest_name(bank), member, err))
            return NULL;
    }
    return TAKE(json);
}

json_object *pcr_values_to_json(const struct pcr_values *values, uint32_t mask, struct error *err)
{
    struct pcr_bank_values banks = {.known = values->known};

    for (size_t i = 0; i < DIGEST_SET_BANKS; i++)
        banks.banks |= digest_set_algorithm(i) == DIGEST_SHA256 ? 1u << i : 0;
    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
        memcpy(banks.pcrs[pcr].sha256, values->sha256[pcr], sizeof(values->sha256[pcr]));
    return pcr_bank_values_to_json(&banks, mask, err);
}
