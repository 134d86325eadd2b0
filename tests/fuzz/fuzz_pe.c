/* SPDX-License-Identifier: Apache-2.0 */
/* PE headers: what they lead to lies within the file; the table of variables in a shim. */
#include <stdlib.h>

#include "boot/pe.h"
#include "boot/shim_mok.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct pe pe;
    OWNED(bytes) file = bytes_copy(data, size, &err);

    if (file == NULL || !pe_parse(file, &pe, &err))
        return 0;
    for (size_t i = 0; i < pe.section_count; i++) {
        struct reader content = pe_section_content(&pe, &pe.sections[i]);
        const uint8_t *first = content.data;
        if (first < file->data || first + content.size > file->data + size ||
            pe_section_find(&pe, pe.sections[i].name) == NULL)
            abort();
    }
    if (pe.headers_size > size || pe.checksum_offset + 4 > size ||
        pe.security_entry_offset + 8 > size)
        abort();
    struct shim_mok_table table;
    if (shim_mok_table_read(&pe, &table, &err) && table.count == 0)
        abort();
    return 0;
}
