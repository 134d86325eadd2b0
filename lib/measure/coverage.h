/* SPDX-License-Identifier: Apache-2.0 */
/* Which PCR of a policy, or which verified signature, covers each part of the boot chain. */
#ifndef MEASURE_COVERAGE_H
#define MEASURE_COVERAGE_H

#include "core/json.h"
#include "measure/prediction.h"

enum coverage_verdict {
    COVERAGE_COVERED,
    COVERAGE_OUTSIDE,   /* by what no policy of this kind can show: said, not refused */
    COVERAGE_UNCOVERED, /* decides what runs, and nothing would notice a change */
};

struct coverage_row {
    const char *component; /* "initramfs" */
    enum coverage_verdict verdict;
    char by[96]; /* "PCR 9", "signature and PCR 7", or why not */
};

#define COVERAGE_ROW_LIMIT 16
struct coverage {
    size_t count;
    struct coverage_row rows[COVERAGE_ROW_LIMIT];
};

enum coverage_secure_boot { SECURE_BOOT_UNKNOWN, SECURE_BOOT_OFF, SECURE_BOOT_ON };

/* What is known of a boot beside the policy's PCRs. */
struct coverage_facts {
    enum prediction_chain chain;
    enum coverage_secure_boot secure_boot;
    bool signatures_verified;   /* firmware and shim were found to accept every program */
    bool kernel_in_pcr_4;       /* builds of GRUB differ */
    bool command_line_in_pcr_9; /* by the kernel's EFI stub */
};
/* From a prediction, which holds only where every signature is accepted. */
struct coverage_facts coverage_facts_predicted(const struct prediction *prediction,
                                               bool secure_boot);

/* Pure. */
void coverage_assess(const struct coverage_facts *facts, uint32_t pcr_mask,
                     struct coverage *coverage);
/* COLDSEAL_TPM and every component that is not covered; true where there is none. */
bool coverage_is_enough(const struct coverage *coverage, struct error *err);
/* { "initramfs": "PCR 9", … }; "not covered: …" and "outside: …" begin the others. */
json_object *coverage_to_json(const struct coverage *coverage, struct error *err);

#endif
