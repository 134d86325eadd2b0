/* SPDX-License-Identifier: Apache-2.0 */
/* PE/COFF images as UEFI loads them: PE/COFF specification 11.0, clauses 3 and 4, read within
 * bounds. EDK2's MdePkg/Library/BasePeCoffLib decides where the specification leaves a choice. */
#ifndef BOOT_PE_H
#define BOOT_PE_H

#include <stdbool.h>

#include "core/bytes.h"
#include "core/reader.h"

#define PE_SECTION_LIMIT 96 /* what Windows loads */
#define PE_SECTION_NAME_BYTES 32

struct pe_section {
    /* As in the table; or what GNU tools keep in the string table, longer than eight characters. */
    char name[PE_SECTION_NAME_BYTES];
    uint32_t virtual_size;
    uint32_t virtual_address;
    uint32_t raw_size;
    uint32_t raw_offset;
};

struct pe {
    const struct bytes *file; /* borrowed */
    uint16_t machine;
    bool is_plus; /* PE32+ */
    uint16_t image_version_major;
    uint16_t image_version_minor;
    uint32_t headers_size; /* within the file */
    size_t checksum_offset;
    size_t security_entry_offset; /* of the certificate table's data directory; 0: there is none */
    uint32_t security_offset;     /* as the entry says, not checked */
    uint32_t security_size;
    size_t section_count;
    struct pe_section
        sections[PE_SECTION_LIMIT]; /* raw data within the file, in the table's order */
};

/* Headers and section table. COLDSEAL_BAD_IMAGE, also where a section lies outside the file. */
bool pe_parse(const struct bytes *file, struct pe *pe, struct error *err);
/* The first section of that name; NULL when there is none. */
const struct pe_section *pe_section_find(const struct pe *pe, const char *name);
/* What the file has of the section: its raw data without the padding to the file's alignment. */
struct reader pe_section_content(const struct pe *pe, const struct pe_section *section);

#endif
