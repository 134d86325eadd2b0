/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/boot_program.h"

#include "boot/uki.h"

/* A first or second stage has one to three MiB and a kernel some fifteen; a unified kernel image
 * holds an initramfs as well. */
#define PROGRAM_LIMIT_BYTES ((size_t)256 << 20)

void boot_program_free(struct boot_program *program)
{
    if (program == NULL)
        return;
    bytes_free(program->file);
    bytes_free(program->sbat);
    shim_facts_free(program->shim);
    uki_facts_free(program->uki);
    free(program->mok);
    grub_build_free(program->grub);
    free(program->kernel);
    free(program);
}

static bool read_shim(struct boot_program *program, struct error *err)
{
    program->mok = calloc(1, sizeof(*program->mok));
    if (program->mok == NULL)
        return error_no_memory(err);
    program->shim = shim_read(&program->pe, err);
    return program->shim != NULL && shim_mok_table_read(&program->pe, program->mok, err);
}

static bool read_kernel(struct boot_program *program, struct error *err)
{
    program->kernel = calloc(1, sizeof(*program->kernel));
    if (program->kernel == NULL)
        return error_no_memory(err);
    *program->kernel = kernel_facts_read(program->file);
    return true;
}

static bool read_facts(struct boot_program *program, enum boot_program_role role, struct error *err)
{
    if (role == BOOT_PROGRAM_KERNEL)
        return read_kernel(program, err);
    if (role == BOOT_PROGRAM_FIRST && shim_recognise(&program->pe))
        return read_shim(program, err);
    if (uki_recognise(&program->pe)) {
        program->uki = uki_facts_read(&program->pe, err);
        return program->uki != NULL;
    }
    if (role == BOOT_PROGRAM_FIRST)
        return error_set(err, COLDSEAL_UNSUPPORTED, "neither a shim nor a unified kernel image");
    program->grub = grub_build_read(program->file, err);
    return program->grub != NULL;
}

static bool verify(const struct boot_program *program, const struct signature_list *db,
                   const struct signature_list *dbx, struct authenticode_result *result,
                   struct error *err)
{
    return authenticode_verify(&program->pe, db, dbx, result, err);
}

static bool verify_shim(const struct boot_program *program,
                        const struct signature_list *const lists[AUTHENTICODE_LISTS],
                        struct authenticode_result *result, struct error *err)
{
    return authenticode_verify_shim(&program->pe, lists, result, err);
}

static const struct boot_program_operations file_operations = {
    .verify = verify,
    .verify_shim = verify_shim,
};

static bool take_sbat(struct boot_program *program, struct error *err)
{
    const struct pe_section *section = pe_section_find(&program->pe, ".sbat");

    if (section == NULL)
        return true;
    struct reader content = pe_section_content(&program->pe, section);
    program->sbat = bytes_copy(content.data, content.size, err);
    return program->sbat != NULL;
}

static struct boot_program *from_files(void *context, struct boot_files *files, size_t volume,
                                       const char *path, enum boot_program_role role,
                                       struct error *err)
{
    OWNED(boot_program) program = calloc(1, sizeof(*program));

    (void)context;
    if (program == NULL) {
        error_no_memory(err);
        return NULL;
    }
    program->operations = &file_operations;
    program->file = boot_files_read(files, volume, path, PROGRAM_LIMIT_BYTES, err);
    if (program->file == NULL || !pe_parse(program->file, &program->pe, err) ||
        !authenticode_digests(&program->pe, &program->digests, err) || !take_sbat(program, err) ||
        !read_facts(program, role, err))
        return NULL;
    return TAKE(program);
}

struct boot_program_source boot_program_files(void)
{
    return (struct boot_program_source){.read = from_files};
}
