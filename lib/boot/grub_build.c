/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/grub_build.h"

#include <stdio.h>
#include <string.h>

#include "boot/grub.h"
#include "boot/grub_image.h"

#define MODULE_LIMIT 1024
#define VERSION_LIMIT_BYTES 128

/* PE/COFF specification 11.0, clause 3.3.1, and grub-core/Makefile.core.def: names of platforms. */
static const struct {
    uint16_t machine;
    const char *cpu;
} cpus[] = {{0x8664, "x86_64"}, {0xaa64, "arm64"}, {0x014c, "i386"}};

void grub_build_free(struct grub_build *build)
{
    if (build == NULL)
        return;
    free(build->prefix);
    free(build->embedded_config);
    bytes_free(build->memdisk);
    for (size_t i = 0; i < build->module_count; i++)
        free(build->modules[i]);
    free(build->modules);
    free(build->version);
    free(build);
}

bool grub_build_has_module(const struct grub_build *build, const char *name)
{
    for (size_t i = 0; i < build->module_count; i++) {
        if (strcmp(build->modules[i], name) == 0)
            return true;
    }
    return false;
}

/* A text that a program's messages or variable names have: how builds are told apart. */
static bool has_text(struct reader content, const char *text)
{
    return memmem(content.data, content.size, text, strlen(text)) != NULL;
}

static char *copy_text(struct reader content, struct error *err)
{
    char *text = strndup((const char *)content.data, content.size);

    if (text == NULL)
        error_no_memory(err);
    return text;
}

/* loader/i386/linux.c and loader/efi/linux.c, with the messages of Debian's and Ubuntu's patches.
 */
static void read_loader_habits(struct grub_build *build, struct reader module)
{
    build->starts_by_load_image = has_text(module, "LoadFile2 initrd loading");
    if (has_text(module, "Secure Boot enabled: trying linuxefi"))
        build->linuxefi = GRUB_LINUXEFI_SECURE_BOOT;
    else if (has_text(module, "Trying linuxefi"))
        build->linuxefi = GRUB_LINUXEFI_ALWAYS;
}

static void read_habits(struct grub_build *build, const char *name, struct reader module)
{
    if (strcmp(name, "linux") == 0)
        read_loader_habits(build, module);
    if (strcmp(name, "linuxefi") == 0)
        build->linuxefi_verifies = has_text(module, "Asking shim to verify kernel signature");
    if (strcmp(name, "normal") == 0)
        build->tries_fw_path = has_text(module, "fw_path");
    if (strcmp(name, "efifwsetup") == 0)
        build->fwsetup_asks = has_text(module, "--is-supported");
}

static bool take_module(struct grub_build *build, struct reader module, struct error *err)
{
    struct reader name;

    if (!grub_module_section(&module, ".modname", &name) || build->module_count == MODULE_LIMIT)
        return error_set(err, COLDSEAL_BAD_IMAGE, "not a GRUB EFI image: module %zu has no name",
                         build->module_count);
    char **modules = reallocarray(build->modules, build->module_count + 1, sizeof(*modules));
    if (modules == NULL)
        return error_no_memory(err);
    build->modules = modules;
    char *copy = copy_text(name, err);
    if (copy == NULL)
        return false;
    modules[build->module_count++] = copy;
    read_habits(build, copy, module);
    return true;
}

/* The first of each counts (kern/main.c, grub_load_config()). */
static bool take_object(struct grub_build *build, uint32_t type, struct reader content,
                        struct error *err)
{
    if (type == GRUB_OBJECT_MODULE)
        return take_module(build, content, err);
    if (type == GRUB_OBJECT_MEMDISK && build->memdisk == NULL)
        return (build->memdisk = bytes_copy(content.data, content.size, err)) != NULL;
    if (type == GRUB_OBJECT_CONFIG && build->embedded_config == NULL)
        return (build->embedded_config = copy_text(content, err)) != NULL;
    return true;
}

/* shim's SBAT.md: component, generation, vendor, package, version, address. GRUB's own line is the
 * first of the components "grub" and "grub.VENDOR"; the vendor's version says more. */
static bool take_version(struct grub_build *build, struct reader sbat, struct error *err)
{
    char version[VERSION_LIMIT_BYTES];
    OWNED_PTR(char) text = copy_text(sbat, err);

    if (text == NULL)
        return false;
    for (char *line = strstr(text, "\ngrub"); line != NULL; line = strstr(line + 1, "\ngrub")) {
        if (sscanf(line + 1, "grub%*[^,\n],%*[^,\n],%*[^,\n],%*[^,\n],%127[^,\n]", version) != 1 &&
            sscanf(line + 1, "grub,%*[^,\n],%*[^,\n],%*[^,\n],%127[^,\n]", version) != 1)
            continue;
        free(build->version);
        build->version = strdup(version);
        if (build->version == NULL)
            return error_no_memory(err);
        if (line[5] == '.')
            break;
    }
    return true;
}

/* kern/efi/sb.c and kern/dl.c are in the program itself. */
static bool read_program(struct grub_build *build, const struct pe *pe, struct error *err)
{
    for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
        if (cpus[i].machine == pe->machine)
            build->cpu = cpus[i].cpu;
    }
    if (build->cpu == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "a GRUB for machine %#x", pe->machine);
    for (size_t i = 0; i < pe->section_count; i++) {
        struct reader content = pe_section_content(pe, &pe->sections[i]);
        if (strcmp(pe->sections[i].name, "mods") == 0)
            continue;
        if (has_text(content, "shim_lock_verifier"))
            build->verifies_on_open = true;
        if (has_text(content, "Secure Boot forbids loading module"))
            build->refuses_modules = true;
    }
    const struct pe_section *sbat = pe_section_find(pe, ".sbat");
    return sbat == NULL || take_version(build, pe_section_content(pe, sbat), err);
}

struct grub_build *grub_build_read(const struct bytes *efi_image, struct error *err)
{
    struct grub_image image;
    struct reader content;
    uint32_t type;
    OWNED(grub_build) build = calloc(1, sizeof(*build));

    if (build == NULL) {
        error_no_memory(err);
        return NULL;
    }
    build->prefix = grub_image_prefix(efi_image, err);
    if (build->prefix == NULL || !grub_image_open(efi_image, &image, err) ||
        !read_program(build, &image.pe, err))
        return NULL;
    while (grub_image_next(&image, &type, &content)) {
        if (!take_object(build, type, content, err))
            return NULL;
    }
    return TAKE(build);
}
