/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_DESCRIBE_FIRMWARE_H
#define PIPELINE_DESCRIBE_FIRMWARE_H

#include "measure/firmware.h"

/* What a firmware state says, for people: whose certificates, how many digests, what is guessed
 * and what is not known. */
json_object *describe_firmware(const struct firmware *firmware, struct error *err);

#endif
