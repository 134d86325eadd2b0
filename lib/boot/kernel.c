/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/kernel.h"

#include <string.h>

static bool has_text(const struct bytes *file, const char *text)
{
    return memmem(file->data, file->size, text, strlen(text) + 1) != NULL;
}

struct kernel_facts kernel_facts_read(const struct bytes *file)
{
    return (struct kernel_facts){
        .measures_load_options = has_text(file, "LOADED_IMAGE::LoadOptions"),
        .measures_initrd = has_text(file, "Linux initrd"),
    };
}
