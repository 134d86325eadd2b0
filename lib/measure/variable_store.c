/* SPDX-License-Identifier: Apache-2.0 */
/* The variable store in a flash image of EDK2's: a firmware volume, in it a store, in it records.
 */
#include <string.h>

#include "core/reader.h"
#include "measure/efi_variables.h"

/* PI 1.8, volume 3, 3.2.1: a volume's header, and how it is aligned in a flash image */
#define VOLUME_ALIGNMENT 8
#define VOLUME_HEAD_BYTES 56
#define VOLUME_TYPE_OFFSET 16
#define VOLUME_HEAD_LENGTH_OFFSET 48
#define VOLUME_SIGNATURE 0x4856465fu /* "_FVH" */
/* EDK2, VariableFormat.h */
#define STORE_HEAD_BYTES 28
#define STORE_FORMATTED 0x5a
#define STORE_HEALTHY 0xfe
#define RECORD_START 0x55aa
#define RECORD_ALIGNMENT 4
#define RECORD_ADDED 0x3f
#define RECORD_IN_DELETED_TRANSITION (RECORD_ADDED & 0xfe)

/* EFI_SYSTEM_NV_DATA_FV_GUID */
static const struct guid nv_data_volume = {{0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c, 0xa9,
                                            0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50}};
/* EFI_AUTHENTICATED_VARIABLE_GUID */
static const struct guid authenticated_store = {{0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
                                                 0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92}};

struct record {
    uint16_t start;
    uint8_t state;
    uint32_t attributes, name_size, data_size;
    struct guid guid;
    const uint8_t *name, *data;
};

/* The volume that begins at `*offset` or behind it; moves `*offset` there. */
static bool find_volume(const struct bytes *image, size_t *offset, struct reader *volume)
{
    for (size_t at = *offset; at < image->size; at += VOLUME_ALIGNMENT) {
        struct reader r = reader_over(image->data + at, image->size - at);
        struct guid type;
        uint64_t length;
        uint32_t signature;
        if (!reader_skip(&r, VOLUME_TYPE_OFFSET) || !read_bytes(&r, type.bytes, 16))
            return false;
        if (!guid_equal(&type, &nv_data_volume) || !read_u64le(&r, &length) ||
            !read_u32le(&r, &signature) || signature != VOLUME_SIGNATURE ||
            length < VOLUME_HEAD_BYTES || length > image->size - at)
            continue;
        *volume = reader_over(image->data + at, (size_t)length);
        *offset = at;
        return true;
    }
    return false;
}

bool variable_store_is_in(const struct bytes *image)
{
    struct reader volume;
    size_t offset = 0;

    return find_volume(image, &offset, &volume);
}

/* PI 1.8, volume 3, 3.2.1: the 16-bit words of the header add up to zero. */
static bool read_volume_head(struct reader *volume)
{
    struct reader sum_over;
    uint16_t length, word, sum = 0;

    if (!reader_seek(volume, VOLUME_HEAD_LENGTH_OFFSET) || !read_u16le(volume, &length) ||
        length % 2 != 0 || !reader_seek(volume, 0) || !read_sub(volume, &sum_over, length))
        return false;
    while (read_u16le(&sum_over, &word))
        sum = (uint16_t)(sum + word);
    return sum == 0;
}

/* A reader over the store, at its first record. */
static bool open_store(struct reader *volume, struct reader *store, struct error *err)
{
    struct guid type;
    uint32_t size;
    uint8_t format, state;

    if (!read_volume_head(volume))
        return error_set(err, COLDSEAL_BAD_IMAGE,
                         "variable store: the firmware volume's header is damaged");
    struct reader head = *volume;
    if (!read_bytes(&head, type.bytes, sizeof(type.bytes)) || !read_u32le(&head, &size) ||
        !read_u8(&head, &format) || !read_u8(&head, &state))
        return error_set(err, COLDSEAL_BAD_IMAGE, "variable store: cut off");
    if (!guid_equal(&type, &authenticated_store))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "variable store: not one of authenticated variables as EDK2 has them");
    if (format != STORE_FORMATTED || state != STORE_HEALTHY)
        return error_set(err, COLDSEAL_BAD_IMAGE, "variable store: not formatted or not healthy");
    return (read_sub(volume, store, size) && reader_skip(store, STORE_HEAD_BYTES)) ||
           error_set(err, COLDSEAL_BAD_IMAGE, "variable store: larger than its volume");
}

/* AUTHENTICATED_VARIABLE_HEADER, then name and data. */
static bool read_record(struct reader *store, struct record *record)
{
    *record = (struct record){0};
    if (!read_u16le(store, &record->start) || !read_u8(store, &record->state) ||
        !reader_skip(store, 1) || !read_u32le(store, &record->attributes) ||
        !reader_skip(store, 8 + 16 + 4) || !read_u32le(store, &record->name_size) ||
        !read_u32le(store, &record->data_size) || !read_bytes(store, record->guid.bytes, 16))
        return false;
    /* NameSizeOfVariable(), DataSizeOfVariable(): a header that was never written whole */
    if (record->state == 0xff || record->attributes == UINT32_MAX ||
        record->name_size == UINT32_MAX || record->data_size == UINT32_MAX)
        record->name_size = record->data_size = 0;
    return read_view(store, &record->name, record->name_size) &&
           read_view(store, &record->data, record->data_size) &&
           reader_skip(store, (0 - store->position) % RECORD_ALIGNMENT);
}

/* False behind the last record, and with `*bad` where one is cut off. */
static bool next_record(struct reader *store, struct record *record, bool *bad)
{
    struct reader ahead = *store;
    uint16_t start;

    if (!read_u16le(&ahead, &start) || start != RECORD_START)
        return false;
    *bad = !read_record(store, record);
    return !*bad;
}

/* FindVariableEx(): the first record that is added counts; without one the last that was about to
 * be replaced does. Those found in an earlier pass are the first `settled` ones. */
static bool take_record(struct efi_variables *variables, size_t settled,
                        const struct record *record, struct error *err)
{
    char name[EFI_VARIABLE_NAME_BYTES];

    if (record->name_size < 2 || record->name[record->name_size - 1] != 0 ||
        record->name[record->name_size - 2] != 0 ||
        !efi_variable_name(record->name, record->name_size - 2, name))
        return true;
    const struct efi_variable *known = efi_variables_find(variables, name, &record->guid);
    if (known == NULL)
        return efi_variables_add(variables, name, &record->guid, record->attributes, record->data,
                                 record->data_size, err);
    size_t index = (size_t)(known - variables->items);
    if (record->state == RECORD_ADDED || index < settled)
        return true;
    struct bytes *data = bytes_copy(record->data, record->data_size, err);
    if (data == NULL)
        return false;
    bytes_free(variables->items[index].data);
    variables->items[index].data = data;
    variables->items[index].attributes = record->attributes;
    return true;
}

static bool take_records(struct reader store, uint8_t state, struct efi_variables *variables,
                         struct error *err)
{
    size_t settled = variables->count;
    struct record record;
    bool bad = false;

    while (next_record(&store, &record, &bad)) {
        if (record.state == state && !take_record(variables, settled, &record, err))
            return error_wrap(err, "variable store");
    }
    return !bad || error_set(err, COLDSEAL_BAD_IMAGE, "variable store: a record is cut off");
}

struct efi_variables *variable_store_parse(const struct bytes *image, struct error *err)
{
    struct reader volume, other, store;
    size_t offset = 0;

    if (!find_volume(image, &offset, &volume)) {
        error_set(err, COLDSEAL_BAD_IMAGE, "variable store: there is no volume for variables");
        return NULL;
    }
    /* Behind the volume: inside it may be a copy, the working area of fault-tolerant writes. */
    size_t behind = offset + volume.size;
    if (find_volume(image, &behind, &other)) {
        error_set(err, COLDSEAL_UNSUPPORTED, "variable store: more than one in the image");
        return NULL;
    }
    OWNED(efi_variables) variables = efi_variables_new(err);
    if (variables == NULL || !open_store(&volume, &store, err) ||
        !take_records(store, RECORD_ADDED, variables, err) ||
        !take_records(store, RECORD_IN_DELETED_TRANSITION, variables, err))
        return NULL;
    return TAKE(variables);
}
