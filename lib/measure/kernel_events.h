/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel's EFI stub measures into PCR 9: Linux, drivers/firmware/efi/libstub/
 * efi-stub-helper.c, efi_measure_tagged_event(). */
#ifndef MEASURE_KERNEL_EVENTS_H
#define MEASURE_KERNEL_EVENTS_H

#include "measure/prediction.h"

/* The options as the loader hands them over: UTF-16LE, from ASCII or Latin-1 text, with or without
 * a NUL at the end. */
bool kernel_measure_load_options(struct prediction *prediction, const char *options, bool with_nul,
                                 struct error *err);
/* The initrd, all of it. */
bool kernel_measure_initrd(struct prediction *prediction, enum prediction_source source,
                           const char *what, const struct digest_set *initrd, struct error *err);

#endif
