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

static bool value_from_json(const char *key, json_object *value, struct pcr_values *values,
                            struct error *err)
{
    const char *end = key;
    unsigned pcr;

    if (!parse_index(&end, &pcr) || *end != '\0')
        return error_set(err, COLDSEAL_BAD_IMAGE, "PCR values: \"%s\" is not a PCR", key);
    if (!json_object_is_type(value, json_type_string) ||
        json_object_get_string_len(value) != (int)(2 * sizeof(values->sha256[pcr])) ||
        !hex_decode(json_object_get_string(value), 2 * sizeof(values->sha256[pcr]),
                    values->sha256[pcr]))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "PCR values: the value of PCR %u is not 64 hexadecimal digits", pcr);
    values->known |= 1u << pcr;
    return true;
}

bool pcr_values_from_json(json_object *json, struct pcr_values *values, struct error *err)
{
    struct pcr_values found = {0};
    json_object *holder;
    json_object *bank;

    if (!json_object_object_get_ex(json, "pcrs", &holder))
        holder = json;
    if (!json_get_object(holder, "sha256", &bank, err))
        return error_wrap(err, "PCR values");
    json_object_object_foreach(bank, key, value)
    {
        if (!value_from_json(key, value, &found, err))
            return false;
    }
    *values = found;
    return true;
}

static bool value_to_json(json_object *bank, unsigned pcr, const uint8_t value[32],
                          struct error *err)
{
    char key[4];
    char text[65];

    snprintf(key, sizeof(key), "%u", pcr);
    hex_encode(value, 32, text);
    return json_add(bank, key, json_object_new_string(text), err);
}

json_object *pcr_values_to_json(const struct pcr_values *values, uint32_t mask, struct error *err)
{
    OWNED_JSON json = json_object_new_object();
    OWNED_JSON bank = json_object_new_object();

    if (json == NULL || bank == NULL) {
        error_no_memory(err);
        return NULL;
    }
    for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
        if ((values->known & mask & 1u << pcr) != 0 &&
            !value_to_json(bank, pcr, values->sha256[pcr], err))
            return NULL;
    }
    return json_add(json, "sha256", TAKE(bank), err) ? TAKE(json) : NULL;
}
