/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/pe.h"

#include <stdlib.h>
#include <string.h>

#include "core/checked.h"

#define DOS_MAGIC 0x5a4d /* "MZ" */
#define DOS_PE_POINTER 0x3c
#define PE_SIGNATURE UINT32_C(0x00004550) /* "PE", 0, 0 */
#define MAGIC_PE32 0x10b
#define MAGIC_PE32_PLUS 0x20b
/* Offsets in the optional header, clause 3.4; the two kinds differ behind the first fields. */
#define IMAGE_VERSION_OFFSET 44
#define HEADERS_SIZE_OFFSET 60
#define CHECKSUM_OFFSET 64
#define DIRECTORIES_OFFSET_PE32 92
#define DIRECTORIES_OFFSET_PE32_PLUS 108
#define DIRECTORY_BYTES 8
#define DIRECTORY_SECURITY 4
#define SHORT_NAME_BYTES 8
#define SYMBOL_BYTES 18

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "not a PE image: %s", reason);
}

/* What is read before the optional header. */
struct coff_header {
    uint16_t section_count;
    uint32_t symbols_offset;
    uint32_t symbol_count;
    uint16_t optional_size;
};

/* Clauses 3.1 to 3.3; leaves `file` at the optional header. */
static bool read_coff_header(struct reader *file, struct pe *pe, struct coff_header *header)
{
    uint16_t dos_magic;
    uint32_t pe_offset;
    uint32_t signature;

    return read_u16le(file, &dos_magic) && dos_magic == DOS_MAGIC &&
           reader_seek(file, DOS_PE_POINTER) && read_u32le(file, &pe_offset) &&
           reader_seek(file, pe_offset) && read_u32le(file, &signature) &&
           signature == PE_SIGNATURE && read_u16le(file, &pe->machine) &&
           read_u16le(file, &header->section_count) && reader_skip(file, 4) &&
           read_u32le(file, &header->symbols_offset) && read_u32le(file, &header->symbol_count) &&
           read_u16le(file, &header->optional_size) && reader_skip(file, 2);
}

/* The count of data directories, then the one of the certificate table. */
static bool read_security_entry(struct reader *optional, size_t optional_offset, struct pe *pe)
{
    uint32_t count;

    if (!reader_seek(optional,
                     pe->is_plus ? DIRECTORIES_OFFSET_PE32_PLUS : DIRECTORIES_OFFSET_PE32) ||
        !read_u32le(optional, &count))
        return false;
    if (count <= DIRECTORY_SECURITY)
        return true;
    if (!reader_skip(optional, DIRECTORY_SECURITY * DIRECTORY_BYTES))
        return false;
    pe->security_entry_offset = optional_offset + optional->position;
    return read_u32le(optional, &pe->security_offset) && read_u32le(optional, &pe->security_size);
}

static bool read_optional_header(struct reader *file, uint16_t size, struct pe *pe)
{
    size_t offset = file->position;
    struct reader optional;
    uint16_t magic;

    if (!read_sub(file, &optional, size) || !read_u16le(&optional, &magic) ||
        (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS))
        return false;
    pe->is_plus = magic == MAGIC_PE32_PLUS;
    pe->checksum_offset = offset + CHECKSUM_OFFSET;
    return reader_seek(&optional, IMAGE_VERSION_OFFSET) &&
           read_u16le(&optional, &pe->image_version_major) &&
           read_u16le(&optional, &pe->image_version_minor) &&
           reader_seek(&optional, HEADERS_SIZE_OFFSET) &&
           read_u32le(&optional, &pe->headers_size) && read_security_entry(&optional, offset, pe);
}

/* Clause 4.6, for objects; GNU linkers do the same in images: the string table follows the symbols.
 * Names that fit into the section table are not taken from there: nobody who starts an image looks.
 */
static void resolve_name(struct reader file, const struct coff_header *header, char *name)
{
    uint64_t strings = header->symbols_offset + (uint64_t)header->symbol_count * SYMBOL_BYTES;
    char *end;
    unsigned long offset;
    const uint8_t *text;

    if (name[0] != '/' || name[1] < '1' || name[1] > '9' || header->symbols_offset == 0)
        return;
    offset = strtoul(name + 1, &end, 10); /* at most seven digits */
    if (*end != '\0' || strings + offset > file.size || !reader_seek(&file, strings + offset))
        return;
    size_t limit = min_u64(reader_left(&file), PE_SECTION_NAME_BYTES);
    if (!read_view(&file, &text, limit))
        return;
    size_t length = strnlen((const char *)text, limit);
    if (length > SHORT_NAME_BYTES && length < limit)
        memcpy(name, text, length + 1);
}

/* Clause 4 */
static bool read_section(struct reader *file, const struct coff_header *header,
                         struct pe_section *section)
{
    if (!read_bytes(file, section->name, SHORT_NAME_BYTES) ||
        !read_u32le(file, &section->virtual_size) || !read_u32le(file, &section->virtual_address) ||
        !read_u32le(file, &section->raw_size) || !read_u32le(file, &section->raw_offset) ||
        !reader_skip(file, 16))
        return false;
    resolve_name(*file, header, section->name);
    return true;
}

static bool read_sections(struct reader *file, const struct coff_header *header, struct pe *pe,
                          struct error *err)
{
    if (header->section_count > PE_SECTION_LIMIT)
        return bad(err, "it has too many sections");
    for (size_t i = 0; i < header->section_count; i++) {
        struct pe_section *section = &pe->sections[i];
        if (!read_section(file, header, section))
            return bad(err, "its section table is cut off");
        if (section->raw_size > 0 &&
            !range_within(section->raw_offset, section->raw_size, file->size))
            return bad(err, "a section lies outside the file");
    }
    pe->section_count = header->section_count;
    /* The table belongs to the headers that are hashed as such. */
    if (pe->headers_size < file->position || pe->headers_size > file->size)
        return bad(err, "its headers have a wrong size");
    return true;
}

bool pe_parse(const struct bytes *file, struct pe *pe, struct error *err)
{
    struct reader r = reader_over(file->data, file->size);
    struct coff_header header;

    *pe = (struct pe){.file = file};
    if (!read_coff_header(&r, pe, &header))
        return bad(err, "it has no PE header");
    if (!read_optional_header(&r, header.optional_size, pe))
        return bad(err, "its optional header is damaged");
    return read_sections(&r, &header, pe, err);
}

const struct pe_section *pe_section_find(const struct pe *pe, const char *name)
{
    for (size_t i = 0; i < pe->section_count; i++) {
        if (strcmp(pe->sections[i].name, name) == 0)
            return &pe->sections[i];
    }
    return NULL;
}

/* EDK2, BasePeCoff.c, PeCoffLoaderLoadImage(): a virtual size of 0 means the raw size. */
struct reader pe_section_content(const struct pe *pe, const struct pe_section *section)
{
    uint32_t size = section->virtual_size;

    if (section->raw_size == 0)
        return reader_over(pe->file->data, 0);
    if (size == 0 || size > section->raw_size)
        size = section->raw_size;
    return reader_over(pe->file->data + section->raw_offset, size);
}
