/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/event_types.h"

#include <stddef.h>
#include <stdio.h>

struct event_type {
    uint32_t type;
    const char *name;
};

static const struct event_type types[] = {
    {0x00000000u, "EV_PREBOOT_CERT"},
    {0x00000001u, "EV_POST_CODE"},
    {0x00000002u, "EV_UNUSED"},
    {EV_NO_ACTION, "EV_NO_ACTION"},
    {EV_SEPARATOR, "EV_SEPARATOR"},
    {EV_ACTION, "EV_ACTION"},
    {EV_EVENT_TAG, "EV_EVENT_TAG"},
    {0x00000007u, "EV_S_CRTM_CONTENTS"},
    {0x00000008u, "EV_S_CRTM_VERSION"},
    {0x00000009u, "EV_CPU_MICROCODE"},
    {0x0000000au, "EV_PLATFORM_CONFIG_FLAGS"},
    {0x0000000bu, "EV_TABLE_OF_DEVICES"},
    {0x0000000cu, "EV_COMPACT_HASH"},
    {EV_IPL, "EV_IPL"},
    {0x0000000eu, "EV_IPL_PARTITION_DATA"},
    {0x0000000fu, "EV_NONHOST_CODE"},
    {0x00000010u, "EV_NONHOST_CONFIG"},
    {0x00000011u, "EV_NONHOST_INFO"},
    {0x00000012u, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {0x00000013u, "EV_POST_CODE2"},
    {EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT"},
    {EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {0x80000004u, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {0x80000005u, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT"},
    {EV_EFI_ACTION, "EV_EFI_ACTION"},
    {0x80000008u, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {0x80000009u, "EV_EFI_HANDOFF_TABLES"},
    {0x8000000au, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {0x8000000bu, "EV_EFI_HANDOFF_TABLES2"},
    {0x8000000cu, "EV_EFI_VARIABLE_BOOT2"},
    {0x8000000du, "EV_EFI_GPT_EVENT2"},
    {0x80000010u, "EV_EFI_HCRTM_EVENT"},
    {EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY"},
    {0x800000e1u, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {0x800000e2u, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
};

const char *event_type_name(uint32_t type, char room[EVENT_TYPE_TEXT_BYTES])
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    snprintf(room, EVENT_TYPE_TEXT_BYTES, "0x%08x", type);
    return room;
}
