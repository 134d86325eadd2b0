/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware state from what people have of a target. Each gives what it knows; firmware_merge()
 * puts them together. `notes` is an array of texts for people that the imports add to. */
#ifndef MEASURE_FIRMWARE_IMPORT_H
#define MEASURE_FIRMWARE_IMPORT_H

#include "measure/efi_variables.h"
#include "measure/firmware.h"

/* All that a target has stored: what is not among them is not there. SecureBoot is what EDK2 makes
 * of PK and SecureBootEnable. */
struct firmware *firmware_from_store(const struct efi_variables *variables, struct error *err);
/* What a running system sees: shim's variables only through their copies for run time. */
struct firmware *firmware_from_efivars(const struct efi_variables *variables, struct error *err);
/* What a boot measured. COLDSEAL_BAD_IMAGE where the digest of a variable's event is not that of
 * its data, as in a digest log, whose data is cut. */
struct firmware *firmware_from_log(const struct bytes *bytes, json_object *notes,
                                   struct error *err);

#endif
