/* SPDX-License-Identifier: Apache-2.0 */
/* Unified kernel images: what is measured lies within the file. */
#include <stdlib.h>

#include "boot/uki.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct pe pe;
    struct uki uki;
    OWNED(bytes) file = bytes_copy(data, size, &err);

    if (file == NULL || !pe_parse(file, &pe, &err) || !uki_read(&pe, &uki, &err))
        return 0;
    for (size_t i = 0; i < uki.count; i++) {
        const struct reader *content = &uki.sections[i].content;
        if (content->size == 0 || content->data < file->data ||
            content->data + content->size > file->data + size)
            abort();
    }
    if (uki_section_find(&uki, ".linux") != &uki.sections[0])
        abort();
    return 0;
}
