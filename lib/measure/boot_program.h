/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of a boot chain: what is read out of each, and who accepts it. */
#ifndef MEASURE_BOOT_PROGRAM_H
#define MEASURE_BOOT_PROGRAM_H

#include "boot/boot_files.h"
#include "boot/grub_build.h"
#include "boot/kernel.h"
#include "boot/shim.h"
#include "boot/shim_mok.h"
#include "measure/authenticode.h"
#include "measure/uki_facts.h"

struct boot_program;

/* A recorded boot answers from what was noted of a program that is not at hand. */
struct boot_program_operations {
    bool (*verify)(const struct boot_program *program, const struct signature_list *db,
                   const struct signature_list *dbx, struct authenticode_result *result,
                   struct error *err);
    bool (*verify_shim)(const struct boot_program *program,
                        const struct signature_list *const lists[AUTHENTICODE_LISTS],
                        struct authenticode_result *result, struct error *err);
};

struct boot_program {
    const struct boot_program_operations *operations;
    void *recorded;            /* the operations' own; not freed with the program */
    struct bytes *file;        /* NULL for a recorded one */
    struct pe pe;              /* of `file` */
    struct digest_set digests; /* Authenticode */
    struct bytes *sbat;        /* its SBAT table; NULL without one */
    /* What the program's kind adds; NULL for another kind. */
    struct shim_facts *shim;
    struct shim_mok_table *mok; /* of the same */
    struct grub_build *grub;
    struct kernel_facts *kernel;
    struct uki_facts *uki;
};

void boot_program_free(struct boot_program *program);
DEFINE_OWNED(boot_program);

#define BOOT_PROGRAM_UKI "unified kernel image"
/* For people. */
static inline const char *boot_program_kind(const struct boot_program *program)
{
    return program->uki != NULL ? BOOT_PROGRAM_UKI : "program";
}

enum boot_program_role { BOOT_PROGRAM_FIRST, BOOT_PROGRAM_SECOND, BOOT_PROGRAM_KERNEL };

/* Where programs come from: files, or in tests what was recorded of them. */
struct boot_program_source {
    struct boot_program *(*read)(void *context, struct boot_files *files, size_t volume,
                                 const char *path, enum boot_program_role role, struct error *err);
    void *context;
};
/* From the files: which facts are looked for comes from what is in the program, within what its
 * role allows. COLDSEAL_BAD_IMAGE, COLDSEAL_UNSUPPORTED. */
struct boot_program_source boot_program_files(void);

#endif
