/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/efi_events.h"

#include <string.h>

#include "core/writer.h"

#define GUID_BYTES 16
#define PATH_LIMIT 256
/* UEFI_IMAGE_LOAD_EVENT without its device path. */
#define IMAGE_LOAD_BYTES 32
/* UEFI 2.10, 10.3.5.4 and 10.3.1: a file path node's header, and the node that ends a path. */
#define NODE_HEADER_BYTES 4
#define MEDIA_DEVICE_PATH 0x04
#define MEDIA_FILE_PATH 0x04
#define END_DEVICE_PATH 0x7f
#define END_ENTIRE 0xff

const struct guid efi_shim_lock_guid = {{0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6,
                                         0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}};
const struct guid efi_image_security_database_guid = {{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96,
                                                       0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67,
                                                       0x65, 0x6f}};

static void write_utf16(struct writer *w, const char *ascii)
{
    for (; *ascii != '\0'; ascii++)
        write_u16le(w, (uint8_t)*ascii);
}

static struct bytes *variable_data(const struct efi_variable_event *event, struct error *err)
{
    size_t name_units = strlen(event->name);
    OWNED(bytes) bytes = bytes_new(GUID_BYTES + 16 + 2 * name_units + event->size, err);

    if (bytes == NULL)
        return NULL;
    struct writer w = writer_over(bytes->data, bytes->size);
    write_bytes(&w, event->guid->bytes, GUID_BYTES);
    write_u64le(&w, name_units);
    write_u64le(&w, event->size);
    write_utf16(&w, event->name);
    if (event->size > 0)
        write_bytes(&w, event->data, event->size);
    return TAKE(bytes);
}

static bool measure_variable_data(struct prediction *prediction,
                                  const struct efi_variable_event *event, const struct bytes *data,
                                  struct error *err)
{
    const struct measurement measurement = {
        .pcr = 7,
        .type = event->type,
        .source = event->source,
        .what = event->what,
        .guessed = event->guessed,
        .data = data->data,
        .data_size = data->size,
    };

    return prediction_measure_bytes(prediction, &measurement, data->data, data->size, err);
}

bool efi_measure_variable(struct prediction *prediction, const struct efi_variable_event *event,
                          struct error *err)
{
    OWNED(bytes) data = variable_data(event, err);

    return data != NULL && measure_variable_data(prediction, event, data, err);
}

bool efi_measure_authority(struct prediction *prediction, const struct efi_variable_event *event,
                           size_t since, struct error *err)
{
    OWNED(bytes) data = variable_data(event, err);

    if (data == NULL)
        return false;
    for (size_t i = since; i < prediction->count; i++) {
        const struct predicted_event *earlier = &prediction->events[i];
        if (earlier->type == event->type && earlier->data->size == data->size &&
            memcmp(earlier->data->data, data->data, data->size) == 0)
            return true;
    }
    return measure_variable_data(prediction, event, data, err);
}

static void write_device_path(struct writer *w, const char *path)
{
    write_u8(w, MEDIA_DEVICE_PATH);
    write_u8(w, MEDIA_FILE_PATH);
    write_u16le(w, (uint16_t)(NODE_HEADER_BYTES + 2 * (strlen(path) + 1)));
    for (; *path != '\0'; path++)
        write_u16le(w, *path == '/' ? '\\' : (uint8_t)*path);
    write_u16le(w, 0);
    write_u8(w, END_DEVICE_PATH);
    write_u8(w, END_ENTIRE);
    write_u16le(w, NODE_HEADER_BYTES);
}

bool efi_measure_program(struct prediction *prediction, const char *path, const char *what,
                         const struct digest_set *authenticode, struct error *err)
{
    uint8_t data[IMAGE_LOAD_BYTES + 2 * NODE_HEADER_BYTES + 2 * PATH_LIMIT];
    struct writer w = writer_over(data, sizeof(data));

    if (strlen(path) >= PATH_LIMIT)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: a longer path than %d characters", path,
                         PATH_LIMIT);
    write_zeros(&w, 24); /* location, length and link-time address */
    write_u64le(&w, 2 * NODE_HEADER_BYTES + 2 * (strlen(path) + 1));
    write_device_path(&w, path);
    const struct measurement measurement = {
        .pcr = 4,
        .type = EV_EFI_BOOT_SERVICES_APPLICATION,
        .source = SOURCE_PROGRAM,
        .what = what,
        .data = data,
        .data_size = w.position,
    };
    return prediction_measure_digest(prediction, &measurement, authenticode, err);
}

bool efi_measure_separator(struct prediction *prediction, uint32_t pcr, struct error *err)
{
    static const uint8_t zeros[4];
    const struct measurement measurement = {
        .pcr = pcr,
        .type = EV_SEPARATOR,
        .source = SOURCE_FIRMWARE,
        .what = "separator",
        .data = zeros,
        .data_size = sizeof(zeros),
    };

    return prediction_measure_bytes(prediction, &measurement, zeros, sizeof(zeros), err);
}
