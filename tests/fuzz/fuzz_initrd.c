/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "boot/initrd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct bytes *file = bytes_copy(data, size, &err);
    OWNED(initrd) initrd = file == NULL ? NULL : initrd_read(file, &err);
    OWNED(initrd_additions) none = calloc(1, sizeof(*none));
    OWNED(bytes)
    written = initrd == NULL || none == NULL ? NULL : initrd_write(initrd, none, NULL, 0, &err);

    return written != NULL && written->size == SIZE_MAX;
}
