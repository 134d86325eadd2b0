/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware measures before and when it starts the boot option's program. */
#ifndef MEASURE_PREDICT_FIRMWARE_H
#define MEASURE_PREDICT_FIRMWARE_H

#include "measure/boot_program.h"
#include "measure/firmware.h"
#include "measure/prediction.h"

/* PCR 7: Secure Boot's variables and a separator; PCR 4: the boot option's action and a separator.
 * COLDSEAL_TPM where the firmware's state does not say what a variable holds. */
bool predict_firmware(struct prediction *prediction, const struct firmware *firmware,
                      struct error *err);
/* The program at `path` on the ESP: under Secure Boot the entry of db that accepts it (PCR 7), then
 * the program (PCR 4). COLDSEAL_TPM where this firmware would not start it; the message says why.
 */
bool predict_boot_option(struct prediction *prediction, const struct firmware *firmware,
                         const struct boot_program *program, const char *path, struct error *err);

/* The variable's content as signature lists, empty where it is not there. */
struct signature_list *firmware_signatures(const struct firmware *firmware,
                                           enum firmware_variable_id id, struct error *err);

#endif
