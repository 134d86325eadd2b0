/* SPDX-License-Identifier: Apache-2.0 */
/* What the EFI stub of a Linux kernel measures when it is entered as an EFI program: Linux,
 * drivers/firmware/efi/libstub/efi-stub-helper.c, efi_measure_tagged_event(). */
#ifndef BOOT_KERNEL_H
#define BOOT_KERNEL_H

#include "core/bytes.h"

struct kernel_facts {
    bool measures_load_options;
    bool measures_initrd; /* also where it got it from LoadFile2 */
};

/* The stub is not compressed, so that the names of its events can be read. A kernel without one
 * measures nothing. */
struct kernel_facts kernel_facts_read(const struct bytes *file);

#endif
