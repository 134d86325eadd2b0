/* SPDX-License-Identifier: Apache-2.0 */
/* PCR values: of the SHA-256 bank, which policies use, and of every bank. */
#ifndef MEASURE_PCR_H
#define MEASURE_PCR_H

#include "core/bytes.h"
#include "core/digest_set.h"
#include "core/json.h"

#define PCR_COUNT 24
#define PCR_DEFAULT_MASK (1u << 4 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 14 | 1u << 15)

struct pcr_values {
    uint32_t known; /* bit N: value N is known */
    uint8_t sha256[PCR_COUNT][32];
};

struct pcr_bank_values {
    uint32_t known; /* bit N: PCR N is known, in each of … */
    uint32_t banks; /* … the banks, bit i: digest_set_algorithm(i) */
    struct digest_set pcrs[PCR_COUNT];
};

/* "4,7,8+9": numbers, commas or plus signs. COLDSEAL_USAGE. */
bool pcr_mask_parse(const char *text, uint32_t *mask, struct error *err);
/* "4+7+8+9"; room for 64 bytes. */
void pcr_mask_format(uint32_t mask, char text[64]);

/* {"sha256": {"4": "<hex>", …}} or the same under a member "pcrs". */
bool pcr_values_from_json(json_object *json, struct pcr_values *values, struct error *err);
json_object *pcr_values_to_json(const struct pcr_values *values, uint32_t mask, struct error *err);
/* {"sha1": {"4": "<hex>", …}, "sha256": …}: every bank has the same PCRs. */
bool pcr_bank_values_from_json(json_object *json, struct pcr_bank_values *values,
                               struct error *err);
json_object *pcr_bank_values_to_json(const struct pcr_bank_values *values, uint32_t mask,
                                     struct error *err);
/* A file: JSON, binary event log or console text, told apart by content. Values from a log have PCR
 * 15 as zero when the log has no event for it. */
bool pcr_values_read_file(const char *path, struct pcr_values *values, struct error *err);

#endif
