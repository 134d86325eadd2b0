/* SPDX-License-Identifier: Apache-2.0 */
/* What a unified kernel image decides of what is measured while it starts: systemd 252 to 258,
 * src/boot/stub.c; and its kernel's own EFI stub. */
#ifndef MEASURE_UKI_FACTS_H
#define MEASURE_UKI_FACTS_H

#include "boot/kernel.h"
#include "boot/pe.h"
#include "boot/uki.h"
#include "core/digest_set.h"

struct uki_facts {
    size_t section_count;
    struct {
        char name[PE_SECTION_NAME_BYTES];
        struct digest_set digest;
    } sections[UKI_SECTION_LIMIT];
    char *command_line;       /* as the stub hands it to the kernel; NULL without one */
    struct digest_set kernel; /* Authenticode of the kernel within */
    struct kernel_facts stub; /* of that kernel; all false where it is not started as a program */
    bool has_initrd;
    struct digest_set initrd; /* as the kernel gets it where no credential lies beside the image */
    /* What its parts are: before the credentials, borrowed from the image, and behind them. Sizes
     * are 0 in facts that were recorded. */
    struct reader initrd_parts[2];
    struct bytes *initrd_rest; /* archives that the stub makes; NULL without any */
};

/* `pe` must outlive the facts. COLDSEAL_BAD_IMAGE, COLDSEAL_UNSUPPORTED. */
struct uki_facts *uki_facts_read(const struct pe *pe, struct error *err);
void uki_facts_free(struct uki_facts *facts);
DEFINE_OWNED(uki_facts);

/* The initrd with archives of credentials in between, each borrowed. */
bool uki_facts_initrd(const struct uki_facts *facts, struct bytes *const *archives, size_t count,
                      struct digest_set *digest, struct error *err);

#endif
