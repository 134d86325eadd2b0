/* SPDX-License-Identifier: Apache-2.0 */
/* PE images of given sections, laid out as linkers do: headers of one or more file alignments, then
 * each section's raw data, aligned. */
#ifndef TESTS_MADE_PE_H
#define TESTS_MADE_PE_H

#include <stdbool.h>

#include "core/bytes.h"

#define MADE_PE_ALIGNMENT 512
/* Where the fields are that tests damage. */
#define MADE_PE_SIGNATURE 0x40
#define MADE_PE_SECTION_COUNT (MADE_PE_SIGNATURE + 6)
#define MADE_PE_OPTIONAL_SIZE (MADE_PE_SIGNATURE + 20)
#define MADE_PE_OPTIONAL (MADE_PE_SIGNATURE + 24)
#define MADE_PE_HEADERS_SIZE (MADE_PE_OPTIONAL + 60)
#define MADE_PE_CHECKSUM (MADE_PE_OPTIONAL + 64)
#define MADE_PE_DIRECTORY_COUNT (MADE_PE_OPTIONAL + 108) /* PE32+ */
#define MADE_PE_SECURITY_ENTRY (MADE_PE_DIRECTORY_COUNT + 4 + 4 * 8)
#define MADE_PE_SECTIONS (MADE_PE_OPTIONAL + 240)
#define MADE_PE_SECTION_BYTES 40
/* within a section's row */
#define MADE_PE_VIRTUAL_SIZE 8
#define MADE_PE_RAW_SIZE 16
#define MADE_PE_RAW_OFFSET 20

struct made_section {
    const char *name;
    const void *data;
    size_t size;
    size_t virtual_size; /* 0: size */
};

/* PE32+ or PE32, machine x86-64 or i386; fails the test when there is no memory. */
struct bytes *make_pe(bool is_plus, const struct made_section *sections, size_t count);
void patch_u16(struct bytes *file, size_t offset, uint16_t value);
void patch_u32(struct bytes *file, size_t offset, uint32_t value);

#endif
