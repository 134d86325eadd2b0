/* SPDX-License-Identifier: Apache-2.0 */
/* What a unified kernel image and its kernel measure once the image runs. */
#ifndef MEASURE_PREDICT_UKI_H
#define MEASURE_PREDICT_UKI_H

#include "measure/boot_program.h"
#include "measure/prediction.h"

struct uki_run {
    struct boot_files *files;
    const struct boot_program *uki;
    size_t esp;       /* volume that it lies on */
    const char *path; /* there: "/EFI/BOOT/BOOTX64.EFI" */
    bool secure_boot;
};

/* Sections (PCR 11), credentials beside it (PCR 12), its kernel where the firmware looks at it
 * (PCR 4), and what the kernel's EFI stub measures (PCR 9). COLDSEAL_UNSUPPORTED where add-ons or
 * extension images lie beside it. */
bool predict_uki(struct prediction *prediction, const struct uki_run *run, struct error *err);

#endif
