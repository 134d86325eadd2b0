/* SPDX-License-Identifier: Apache-2.0 */
/* What firmware and shim hash of an EFI image, and whose signature makes them start it: Windows
 * Authenticode Portable Executable Signature Format 1.0 as EDK2 (SecurityPkg) and shim carry it
 * out, which is not always what the paper says. */
#ifndef MEASURE_AUTHENTICODE_H
#define MEASURE_AUTHENTICODE_H

#include "boot/pe.h"
#include "core/digest_set.h"

/* What PCR 4 is extended with, whoever starts the image: shim leaves the hashing to the firmware.
 * COLDSEAL_BAD_IMAGE where the firmware cannot measure it, and where sections overlap. */
bool authenticode_digests(const struct pe *pe, struct digest_set *digests, struct error *err);

#endif
