/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_VERIFY_ESP_H
#define PIPELINE_VERIFY_ESP_H

#include "boot/boot_files.h"
#include "pipeline/verify.h"

/* Goes through the ESP at index `esp`: a row that names what else there could decide what boots. */
bool verify_esp(struct verification *work, struct boot_files *files, size_t esp, struct error *err);

#endif
