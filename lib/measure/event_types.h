/* SPDX-License-Identifier: Apache-2.0 */
/* Types of events. TCG PC Client Platform Firmware Profile 1.06, table 27. */
#ifndef MEASURE_EVENT_TYPES_H
#define MEASURE_EVENT_TYPES_H

#include <stdint.h>

#define EV_NO_ACTION 0x00000003u
#define EV_SEPARATOR 0x00000004u
#define EV_ACTION 0x00000005u
#define EV_EVENT_TAG 0x00000006u
#define EV_IPL 0x0000000du
#define EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001u
#define EV_EFI_VARIABLE_BOOT 0x80000002u
#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define EV_EFI_GPT_EVENT 0x80000006u
#define EV_EFI_ACTION 0x80000007u
#define EV_EFI_VARIABLE_AUTHORITY 0x800000e0u

/* "EV_IPL"; "0x8000000b" for one that is not in the table, written to `room`. */
#define EVENT_TYPE_TEXT_BYTES 40
const char *event_type_name(uint32_t type, char room[EVENT_TYPE_TEXT_BYTES]);

#endif
