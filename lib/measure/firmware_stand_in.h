/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEASURE_FIRMWARE_STAND_IN_H
#define MEASURE_FIRMWARE_STAND_IN_H

#include "measure/firmware.h"

/* A firmware that accepts the program with that Authenticode digest, for predicting an image's own
 * part where the target's state is not known. From a boot's log comes what such a log shows even
 * when it is cut short: whether the boot option's action is measured, and SbatLevel. The rest is
 * guessed to be absent, so that PCR 7 says nothing. */
struct firmware *firmware_stand_in(const struct eventlog *log, const uint8_t program_sha256[32],
                                   bool secure_boot, struct error *err);
/* As the log says. */
bool eventlog_has_secure_boot(const struct eventlog *log);

#endif
