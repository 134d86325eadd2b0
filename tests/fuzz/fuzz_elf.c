/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "guest/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    OWNED(bytes) file = bytes_copy(data, size, &err);
    OWNED(elf) elf = file == NULL ? NULL : elf_read(file, &err);

    return elf != NULL && elf->need_count == SIZE_MAX;
}
