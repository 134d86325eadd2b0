/* SPDX-License-Identifier: Apache-2.0 */
/* A shim that runs: what it measures of its variables and of each program that it verifies. */
#ifndef MEASURE_PREDICT_SHIM_H
#define MEASURE_PREDICT_SHIM_H

#include "measure/shim_variables.h"

struct shim_run {
    const struct shim_facts *facts; /* borrowed */
    struct shim_variables variables;
    bool verifies;      /* Secure Boot is on, and shim does not ignore it */
    size_t first_event; /* of shim in the prediction */
    struct signature_list *lists[AUTHENTICODE_LISTS]; /* owned; none is NULL */
};

/* Measures the variables (PCR 14, some into PCR 7) and is then ready to verify. COLDSEAL_TPM where
 * shim would not go on, COLDSEAL_UNSUPPORTED for builds that measure what is not known. */
struct shim_run *shim_run_start(struct prediction *prediction, const struct firmware *firmware,
                                const struct boot_program *shim, struct error *err);
void shim_run_free(struct shim_run *run);
DEFINE_OWNED(shim_run);

/* The program's digest (PCR 4) and, where shim verifies, the entries that accept its signatures
 * (PCR 7). `loads` says that shim loads it itself, as its second stage. COLDSEAL_TPM where shim
 * refuses it; the message says why. */
bool shim_run_verify(const struct shim_run *run, struct prediction *prediction,
                     const struct boot_program *program, const char *path, bool loads,
                     struct error *err);

#endif
