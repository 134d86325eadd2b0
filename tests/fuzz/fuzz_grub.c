/* SPDX-License-Identifier: Apache-2.0 */
/* The input as a GRUB image and as a grub.cfg of ours. */
#include <stdlib.h>
#include <string.h>

#include "boot/grub.h"
#include "boot/grub_form.h"
#include "fuzz.h"

static void check_field(const struct bytes *file, const struct grub_field *field)
{
    if (field->uuid_offset + LUKS_UUID_TEXT_BYTES - 1 > file->size ||
        field->pin_offset + 2 * (size_t)PIN_BYTES > file->size ||
        memcmp(file->data + field->uuid_offset, field->luks_uuid, LUKS_UUID_TEXT_BYTES - 1) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct grub_field field;
    bool present;
    OWNED(bytes) file = bytes_copy(data, size, &err);

    if (file == NULL)
        return 0;
    OWNED_PTR(char) prefix = grub_image_prefix(file, &err);
    if (prefix != NULL && strlen(prefix) >= size)
        abort();
    if (grub_field_read(file, &field, &present, &err) && present)
        check_field(file, &field);
    OWNED_GRUB_FORM form = {0};
    if (grub_form_read(file, &form, &err) && strlen(form.arguments) >= size)
        abort();
    return 0;
}
