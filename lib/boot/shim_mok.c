/* SPDX-License-Identifier: Apache-2.0 */
/* The table is an array of `struct mok_state_variable` (shim, include/mok.h, 15.4 to 16.1) in an
 * image that is linked at address 0, so that pointers in its data are addresses in the image:
 *
 *     name, name8, rtname, rtname8, guid, data, data_size,
 *     categorize_addend, addend, addend_size,
 *     user_cert, user_cert_size             (since 15.6)
 *     build_cert, build_cert_size,
 *     yes_attr, no_attr, flags: 32 bits each, and 32 bits that are nothing,
 *     pcr, state,
 *     format                                (since 16.0)
 *
 * It ends with an entry without a name. */
#include "boot/shim_mok.h"

#include <string.h>

#define POINTER_BYTES 8
#define NAME8_OFFSET 8
#define ADDEND_OFFSET 64
#define BUILD_CERT_OFFSET_FIRST 80
/* Of MokList, whose attributes are boot service access and non-volatile, not runtime access. */
#define YES_ATTRIBUTES 3
#define NO_ATTRIBUTES 4
#define ENTRY_LIMIT_BYTES 256
#define DATA_LIMIT_BYTES ((size_t)4 << 20)
#define TRY_LIMIT 64 /* places that look like a first entry */

static const char first_name[] = "MokList";
static const char second_name[] = "MokListX";

struct table_place {
    const struct pe *pe;
    size_t offset; /* of the first entry, in the file */
    size_t entry_bytes;
    size_t attributes_offset; /* of yes_attr in an entry */
};

/* Where an address of the image lies in the file; false for none. */
static bool file_offset(const struct pe *pe, uint64_t address, size_t *offset)
{
    for (size_t i = 0; i < pe->section_count; i++) {
        const struct pe_section *section = &pe->sections[i];
        if (address >= section->virtual_address &&
            address - section->virtual_address < section->raw_size) {
            *offset = section->raw_offset + (size_t)(address - section->virtual_address);
            return true;
        }
    }
    return false;
}

static bool read_pointer(const struct pe *pe, size_t offset, uint64_t *value)
{
    struct reader r = reader_over(pe->file->data, pe->file->size);

    return reader_seek(&r, offset) && read_u64le(&r, value);
}

/* The text, with its NUL within the file, that a pointer at `offset` leads to. */
static bool read_name(const struct pe *pe, size_t offset, char name[SHIM_MOK_NAME_BYTES])
{
    uint64_t address;
    size_t place;

    if (!read_pointer(pe, offset, &address) || address == 0 || !file_offset(pe, address, &place))
        return false;
    size_t room = pe->file->size - place;
    const char *text = (const char *)pe->file->data + place;
    size_t length = strnlen(text, room < SHIM_MOK_NAME_BYTES ? room : SHIM_MOK_NAME_BYTES);
    if (length == 0 || length == room || length == SHIM_MOK_NAME_BYTES)
        return false;
    memcpy(name, text, length + 1);
    return true;
}

static bool has_name(const struct pe *pe, size_t entry, const char *wanted)
{
    char name[SHIM_MOK_NAME_BYTES];

    return read_name(pe, entry + NAME8_OFFSET, name) && strcmp(name, wanted) == 0;
}

/* The attributes lie at different places in different versions; MokList's are known. */
static bool find_attributes(struct table_place *place)
{
    struct reader r = reader_over(place->pe->file->data, place->pe->file->size);
    uint32_t yes, no;

    for (size_t at = BUILD_CERT_OFFSET_FIRST; at + POINTER_BYTES <= place->entry_bytes;
         at += POINTER_BYTES) {
        if (!reader_seek(&r, place->offset + at) || !read_u32le(&r, &yes) || !read_u32le(&r, &no))
            return false;
        if (yes == YES_ATTRIBUTES && no == NO_ATTRIBUTES) {
            place->attributes_offset = at;
            return true;
        }
    }
    return false;
}

/* The second entry is MokListX, which tells how long an entry is. */
static bool measure_entries(struct table_place *place)
{
    for (size_t size = BUILD_CERT_OFFSET_FIRST; size <= ENTRY_LIMIT_BYTES; size += POINTER_BYTES) {
        if (has_name(place->pe, place->offset + size, second_name)) {
            place->entry_bytes = size;
            return find_attributes(place);
        }
    }
    return false;
}

static bool find_table(struct table_place *place)
{
    const struct pe_section *data = pe_section_find(place->pe, ".data");
    unsigned tries = 0;

    if (data == NULL || data->raw_size > DATA_LIMIT_BYTES)
        return false;
    for (size_t at = 0; at + ENTRY_LIMIT_BYTES <= data->raw_size; at += POINTER_BYTES) {
        place->offset = data->raw_offset + at;
        if (!has_name(place->pe, place->offset, first_name))
            continue;
        if (measure_entries(place))
            return true;
        if (++tries == TRY_LIMIT)
            return false;
    }
    return false;
}

static bool read_variable(const struct table_place *place, size_t entry,
                          struct shim_mok_variable *variable)
{
    struct reader r = reader_over(place->pe->file->data, place->pe->file->size);
    uint64_t addend, pcr;

    if (!read_pointer(place->pe, entry + ADDEND_OFFSET, &addend) ||
        !reader_seek(&r, entry + place->attributes_offset + 8) ||
        !read_u32le(&r, &variable->flags) || !reader_skip(&r, 4) || !read_u64le(&r, &pcr) ||
        pcr >= 24)
        return false;
    variable->pcr = (uint32_t)pcr;
    variable->has_vendor_part = addend != 0;
    return true;
}

static bool read_entries(const struct table_place *place, struct shim_mok_table *table)
{
    size_t entry = place->offset;

    for (; table->count < SHIM_MOK_LIMIT; entry += place->entry_bytes) {
        struct shim_mok_variable *variable = &table->variables[table->count];
        if (!read_name(place->pe, entry + NAME8_OFFSET, variable->name))
            return true;
        if (!read_variable(place, entry, variable))
            return false;
        table->count++;
    }
    return false;
}

bool shim_mok_table_read(const struct pe *pe, struct shim_mok_table *table, struct error *err)
{
    struct table_place place = {.pe = pe};
    uint64_t build_certificate;

    memset(table, 0, sizeof(*table));
    if (!find_table(&place) || !read_entries(&place, table) ||
        !read_pointer(pe, place.offset + place.attributes_offset - 2 * POINTER_BYTES,
                      &build_certificate))
        return error_set(err, COLDSEAL_UNSUPPORTED,
                         "a shim without the table of variables that 15.3 to 16.1 have");
    table->has_build_certificate = build_certificate != 0;
    return true;
}
