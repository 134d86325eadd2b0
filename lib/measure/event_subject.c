/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/event_subject.h"

#include <string.h>

#include "core/reader.h"
#include "measure/event_types.h"

#define VARIABLE_NAME_LIMIT 256
#define DEVICE_PATH_NODES 64
#define GRUB_COMMAND_PREFIX "grub_cmd: "
#define COMMAND_LINE_PREFIX "kernel_cmdline: "
/* Linux, include/linux/efi.h: LOAD_OPTIONS_EVENT_TAG_ID, INITRD_EVENT_TAG_ID */
#define TAG_LOAD_OPTIONS 0x8f3b22edu
#define TAG_INITRD 0x8f3b22ecu

static void add_character(struct event_subject *subject, size_t *used, uint16_t character)
{
    bool printable = character >= 0x20 && character < 0x7f;

    if (*used + 1 < sizeof(subject->name))
        subject->name[(*used)++] = printable ? (char)character : '?';
}

/* Up to a NUL or the end. */
static void take_text(struct event_subject *subject, const uint8_t *data, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < size && data[i] != 0; i++)
        add_character(subject, &used, data[i]);
}

static bool take_utf16(struct event_subject *subject, struct reader *r, size_t *used, size_t units)
{
    uint16_t unit;

    for (size_t i = 0; i < units; i++) {
        if (!read_u16le(r, &unit))
            return false;
        if (unit != 0)
            add_character(subject, used, unit);
    }
    return true;
}

/* UEFI_VARIABLE_DATA: TCG PC Client Platform Firmware Profile 1.06, 10.2.6. */
static void read_variable(struct event_subject *subject, enum event_subject_kind kind,
                          const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);
    uint64_t name_units, value_bytes;
    size_t used = 0;

    if (!reader_skip(&r, 16) || !read_u64le(&r, &name_units) || !read_u64le(&r, &value_bytes) ||
        name_units > VARIABLE_NAME_LIMIT || !take_utf16(subject, &r, &used, (size_t)name_units))
        return;
    subject->kind = kind;
    subject->value = r.data + r.position;
    subject->value_size = reader_left(&r);
}

/* UEFI 2.10, 10.3: nodes of type, subtype and length; file paths are type 4, subtype 4. */
static void take_file_path(struct event_subject *subject, struct reader *path)
{
    size_t used = 0;

    for (unsigned i = 0; i < DEVICE_PATH_NODES; i++) {
        uint8_t type, subtype;
        uint16_t length;
        struct reader node;
        if (!read_u8(path, &type) || !read_u8(path, &subtype) || !read_u16le(path, &length) ||
            length < 4 || !read_sub(path, &node, length - 4u))
            return;
        if (type == 4 && subtype == 4)
            take_utf16(subject, &node, &used, node.size / 2);
    }
}

/* UEFI_IMAGE_LOAD_EVENT: TCG PC Client Platform Firmware Profile 1.06, 10.2.3. */
static void read_program(struct event_subject *subject, const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);

    subject->kind = SUBJECT_PROGRAM;
    if (reader_skip(&r, 8 + 8 + 8 + 8))
        take_file_path(subject, &r);
    for (char *c = subject->name; *c != '\0'; c++)
        *c = *c == '\\' ? '/' : *c;
}

static bool starts_with(const uint8_t *data, size_t size, const char *prefix)
{
    return size >= strlen(prefix) && memcmp(data, prefix, strlen(prefix)) == 0;
}

/* systemd 257, src/boot/stub.c: descriptions in UTF-16. */
static bool read_stub(struct event_subject *subject, uint32_t pcr, const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);
    size_t used = 0;

    if (pcr < 11 || pcr > 13)
        return false;
    subject->kind = pcr == 11 ? SUBJECT_SECTION : SUBJECT_ADDITION;
    return take_utf16(subject, &r, &used, size / 2);
}

/* GRUB 2.06, grub-core/commands/efi/tpm.c and kern/tpm.c; shim 15.8, tpm.c and mok.c: text that
 * ends in a NUL. */
static void read_ipl(struct event_subject *subject, uint32_t pcr, const uint8_t *data, size_t size)
{
    size_t prefix = 0;

    if (read_stub(subject, pcr, data, size))
        return;
    if (starts_with(data, size, GRUB_COMMAND_PREFIX)) {
        subject->kind = SUBJECT_COMMAND;
        prefix = strlen(GRUB_COMMAND_PREFIX);
    } else if (starts_with(data, size, COMMAND_LINE_PREFIX)) {
        subject->kind = SUBJECT_COMMAND_LINE;
        prefix = strlen(COMMAND_LINE_PREFIX);
    } else {
        subject->kind = pcr == 9 ? SUBJECT_FILE : pcr == 14 ? SUBJECT_SHIM_LIST : SUBJECT_OTHER;
    }
    take_text(subject, data + prefix, size - prefix);
}

static void read_tag(struct event_subject *subject, const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);
    uint32_t tag, length;

    if (!read_u32le(&r, &tag) || !read_u32le(&r, &length))
        return;
    subject->kind = tag == TAG_LOAD_OPTIONS ? SUBJECT_LOAD_OPTIONS
                    : tag == TAG_INITRD     ? SUBJECT_INITRD
                                            : SUBJECT_OTHER;
    take_text(subject, r.data + r.position, reader_left(&r));
}

void event_subject_read(uint32_t pcr, uint32_t type, const uint8_t *data, size_t size,
                        struct event_subject *subject)
{
    memset(subject, 0, sizeof(*subject));
    switch (type) {
    case EV_SEPARATOR:
        subject->kind = SUBJECT_SEPARATOR;
        break;
    case EV_ACTION:
    case EV_EFI_ACTION:
        subject->kind = SUBJECT_ACTION;
        take_text(subject, data, size);
        break;
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
        read_variable(subject, SUBJECT_VARIABLE, data, size);
        break;
    case EV_EFI_VARIABLE_AUTHORITY:
        read_variable(subject, SUBJECT_AUTHORITY, data, size);
        break;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
        read_program(subject, data, size);
        break;
    case EV_IPL:
        read_ipl(subject, pcr, data, size);
        break;
    case EV_EVENT_TAG:
        read_tag(subject, data, size);
        break;
    default:
        break;
    }
}
