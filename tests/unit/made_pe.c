/* SPDX-License-Identifier: Apache-2.0 */
#include "made_pe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/writer.h"

static size_t aligned(size_t size)
{
    return (size + MADE_PE_ALIGNMENT - 1) / MADE_PE_ALIGNMENT * MADE_PE_ALIGNMENT;
}

static void write_headers(struct writer *w, bool is_plus, size_t count, size_t headers_size)
{
    uint16_t optional_size = is_plus ? 240 : 224;

    write_bytes(w, "MZ", 2);
    w->position = 0x3c;
    write_u32le(w, MADE_PE_SIGNATURE);
    write_bytes(w, "PE\0", 4);
    write_u16le(w, is_plus ? 0x8664 : 0x14c);
    write_u16le(w, (uint16_t)count);
    write_zeros(w, 12);
    write_u16le(w, optional_size);
    write_u16le(w, 0x22e); /* characteristics */
    write_u16le(w, is_plus ? 0x20b : 0x10b);
    w->position = MADE_PE_OPTIONAL + 32;
    write_u32le(w, 4096);
    write_u32le(w, MADE_PE_ALIGNMENT);
    w->position = MADE_PE_HEADERS_SIZE - 4;
    write_u32le(w, 0x100000); /* size of the image */
    write_u32le(w, (uint32_t)headers_size);
    write_u32le(w, 0);  /* checksum */
    write_u16le(w, 10); /* EFI application */
    w->position = (size_t)(MADE_PE_OPTIONAL + optional_size) - 16 * 8 - 4;
    write_u32le(w, 16);
    w->position = (size_t)(MADE_PE_OPTIONAL + optional_size);
}

static void write_row(struct writer *w, const struct made_section *section, size_t index,
                      size_t raw_offset)
{
    char name[8] = {0};

    memcpy(name, section->name, strnlen(section->name, sizeof(name)));
    write_bytes(w, name, sizeof(name));
    write_u32le(w, (uint32_t)(section->virtual_size == 0 ? section->size : section->virtual_size));
    write_u32le(w, (uint32_t)(0x1000 * (index + 1)));
    write_u32le(w, (uint32_t)aligned(section->size));
    write_u32le(w, (uint32_t)raw_offset);
    write_zeros(w, 12);
    write_u32le(w, 0x40000040);
}

struct bytes *make_pe(bool is_plus, const struct made_section *sections, size_t count)
{
    struct error err = {0};
    size_t headers_size = aligned(MADE_PE_SECTIONS + count * MADE_PE_SECTION_BYTES);
    size_t size = headers_size;

    for (size_t i = 0; i < count; i++)
        size += aligned(sections[i].size);
    struct bytes *file = bytes_new(size, &err);
    assert_non_null(file);
    struct writer w = writer_over(file->data, file->size);
    write_headers(&w, is_plus, count, headers_size);
    size_t raw_offset = headers_size;
    for (size_t i = 0; i < count; i++) {
        write_row(&w, &sections[i], i, raw_offset);
        if (sections[i].size > 0)
            memcpy(file->data + raw_offset, sections[i].data, sections[i].size);
        raw_offset += aligned(sections[i].size);
    }
    assert_false(w.failed);
    return file;
}

void patch_u16(struct bytes *file, size_t offset, uint16_t value)
{
    struct writer w = writer_over(file->data, file->size);

    w.position = offset;
    write_u16le(&w, value);
    assert_false(w.failed);
}

void patch_u32(struct bytes *file, size_t offset, uint32_t value)
{
    struct writer w = writer_over(file->data, file->size);

    w.position = offset;
    write_u32le(&w, value);
    assert_false(w.failed);
}
