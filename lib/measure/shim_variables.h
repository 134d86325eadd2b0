/* SPDX-License-Identifier: Apache-2.0 */
/* What shim makes of its variables and measures of them when it starts. */
#ifndef MEASURE_SHIM_VARIABLES_H
#define MEASURE_SHIM_VARIABLES_H

#include "measure/boot_program.h"
#include "measure/firmware.h"
#include "measure/prediction.h"

struct shim_variables {
    /* As the runtime variables hold them: the vendor's part, then the machine owner's. */
    struct bytes *mok_list;
    struct bytes *mok_list_x;
    struct bytes *sbat_level; /* as shim leaves the variable */
    bool is_insecure;         /* MokSBState */
    bool ignores_db;          /* MokDBState */
};
void shim_variables_drop(struct shim_variables *variables);

/* Measures them in the table's order: PCR 14, and PCR 7 for those that decide what is verified.
 * COLDSEAL_TPM, COLDSEAL_UNSUPPORTED. */
bool shim_variables_measure(struct prediction *prediction, const struct firmware *firmware,
                            const struct boot_program *shim, struct shim_variables *variables,
                            struct error *err);

#endif
