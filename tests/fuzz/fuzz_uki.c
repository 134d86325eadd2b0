/* SPDX-License-Identifier: Apache-2.0 */
/* Unified kernel images: what is measured lies within the file. */
#include <stdlib.h>

#include "boot/uki.h"
#include "fuzz.h"

static void check(const struct uki_section *sections, size_t count, const struct bytes *file)
{
    for (size_t i = 0; i < count; i++) {
        const struct reader *content = &sections[i].content;
        if (content->size == 0 || content->data < file->data ||
            content->data + content->size > file->data + file->size)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct pe pe;
    struct uki uki;
    OWNED(bytes) file = bytes_copy(data, size, &err);

    if (file == NULL || !pe_parse(file, &pe, &err) || !uki_read(&pe, &uki, &err))
        return 0;
    check(uki.sections, uki.count, file);
    check(uki.files, uki.file_count, file);
    if (uki_section_find(&uki, ".linux") != &uki.sections[0])
        abort();
    return 0;
}
