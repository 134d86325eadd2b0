/* SPDX-License-Identifier: Apache-2.0 */
/* What GRUB and the kernel that it starts measure. */
#ifndef MEASURE_PREDICT_GRUB_H
#define MEASURE_PREDICT_GRUB_H

#include "boot/grub_script.h"
#include "measure/predict_shim.h"

struct grub_run {
    struct boot_files *files;
    const struct boot_program_source *programs;
    const struct shim_run *shim;
    const struct boot_program *grub;
    size_t esp;       /* volume that GRUB lies on */
    const char *path; /* of GRUB there */
};

/* GRUB's commands (PCR 8), the files that it opens (PCR 9), the kernel as shim verifies it (PCR 4
 * and 7), and what the kernel's own stub measures (PCR 9). What the image does not fix becomes a
 * note. COLDSEAL_TPM where no kernel is started; the message says why. */
bool predict_grub(struct prediction *prediction, const struct grub_run *run, struct error *err);

#endif
