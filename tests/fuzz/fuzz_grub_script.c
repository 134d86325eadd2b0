/* SPDX-License-Identifier: Apache-2.0 */
/* The input as grub.cfg of an ESP. Two runs over it say the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory_files.h"

static void check_same(const struct grub_trace *a, const struct grub_trace *b)
{
    if ((a == NULL) != (b == NULL))
        abort();
    if (a == NULL)
        return;
    if (a->count != b->count || a->note_count != b->note_count)
        abort();
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->steps[i].text, b->steps[i].text) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct memory_file files[] = {
        {MEMORY_ESP, "/EFI/ubuntu/grub.cfg", data, size},
        {MEMORY_ESP, "/EFI/ubuntu/grubenv", data, size},
        {MEMORY_BOOT, "/vmlinuz", "kernel", 6},
        {MEMORY_BOOT, "/initrd.img", "initrd", 6},
    };
    struct error err = {0};
    OWNED(boot_files) opened = memory_files(files, 4, &err);
    OWNED(grub_build) build = memory_build();

    if (opened == NULL)
        return 0;
    OWNED(grub_trace) first = grub_script_trace(opened, build, &memory_start, &err);
    OWNED(grub_trace) second = grub_script_trace(opened, build, &memory_start, &err);
    check_same(first, second);
    return 0;
}
