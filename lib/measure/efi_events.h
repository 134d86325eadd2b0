/* SPDX-License-Identifier: Apache-2.0 */
/* Events of firmware and shim whose digest is not that of a file. */
#ifndef MEASURE_EFI_EVENTS_H
#define MEASURE_EFI_EVENTS_H

#include "core/guid.h"
#include "measure/prediction.h"

/* shim, include/guid.h */
extern const struct guid efi_shim_lock_guid;
/* UEFI 2.10, 32.6 */
extern const struct guid efi_image_security_database_guid;

/* TCG PC Client Platform Firmware Profile 1.06, 10.2.6: UEFI_VARIABLE_DATA, over which digest and
 * log go alike. `type` is EV_EFI_VARIABLE_DRIVER_CONFIG or EV_EFI_VARIABLE_AUTHORITY; PCR 7. */
struct efi_variable_event {
    uint32_t type;
    const struct guid *guid;
    const char *name; /* ASCII */
    const void *data;
    size_t size;
    const char *what;
    enum prediction_source source;
    bool guessed;
};
bool efi_measure_variable(struct prediction *prediction, const struct efi_variable_event *event,
                          struct error *err);
/* The same, unless an authority of that name, GUID and data was measured: firmware and shim each
 * measure one once. `since` is the number of events that were there when the measurer began. */
bool efi_measure_authority(struct prediction *prediction, const struct efi_variable_event *event,
                           size_t since, struct error *err);
/* 10.2.3: a program at `path` on the volume it was started from; the place in memory that a real
 * log has is not known. PCR 4. */
bool efi_measure_program(struct prediction *prediction, const char *path, const char *what,
                         const struct digest_set *authenticode, struct error *err);
/* 10.4.5: four zeros. */
bool efi_measure_separator(struct prediction *prediction, uint32_t pcr, struct error *err);

#endif
