/* SPDX-License-Identifier: Apache-2.0 */
/* What an image will measure on a target. */
#ifndef MEASURE_PREDICT_H
#define MEASURE_PREDICT_H

#include "measure/boot_program.h"
#include "measure/firmware.h"
#include "measure/prediction.h"

/* What the firmware starts from the ESP. */
struct boot_chain {
    enum prediction_chain chain;
    size_t esp;                       /* volume */
    char first[64];                   /* "/EFI/BOOT/BOOTX64.EFI" */
    char second[64];                  /* what a shim starts; "" without one */
    struct boot_program *programs[2]; /* of those */
};
void boot_chain_drop(struct boot_chain *chain);
#define OWNED_BOOT_CHAIN __attribute__((cleanup(boot_chain_drop))) struct boot_chain

/* `programs` NULL: from the files. COLDSEAL_UNSUPPORTED where it is none that is known. */
bool boot_chain_find(struct boot_files *files, const struct boot_program_source *programs,
                     struct boot_chain *chain, struct error *err);

/* All events and PCRs of one boot with that firmware state. `name` is the state's. An image that
 * does not boot there is COLDSEAL_TPM; the message says why. The chain's programs are read only. */
struct prediction *predict_boot(struct boot_files *files, const struct boot_chain *chain,
                                const struct boot_program_source *programs,
                                const struct firmware *firmware, const char *name,
                                struct error *err);

#endif
