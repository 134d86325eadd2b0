/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB keeps its modules, its built-in configuration and its prefix in the section "mods" of the
 * EFI image: GRUB 2.06, include/grub/kernel.h (layout) and grub-core/kern/efi/init.c (section). */
#include <string.h>

#include "boot/grub.h"
#include "boot/pe.h"

#define MODULE_MAGIC UINT32_C(0x676d696d)
#define MODULE_TYPE_PREFIX 3
#define MODULE_LIMIT 4096
#define PREFIX_LIMIT_BYTES 512

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "not a GRUB EFI image: %s", reason);
}

static bool find_mods(const struct bytes *efi_image, struct reader *mods, bool *is_64,
                      struct error *err)
{
    struct pe pe;

    if (!pe_parse(efi_image, &pe, err))
        return false;
    const struct pe_section *section = pe_section_find(&pe, "mods");
    if (section == NULL)
        return bad(err, "it has no section \"mods\"");
    *mods = pe_section_content(&pe, section);
    *is_64 = pe.is_plus;
    return true;
}

/* grub_module_info64 or 32; the modules follow at its offset, up to its size. */
static bool read_module_info(struct reader *mods, bool is_64, struct reader *modules)
{
    uint32_t magic;
    uint32_t word;
    uint64_t offset;
    uint64_t size;

    if (!read_u32le(mods, &magic) || magic != MODULE_MAGIC)
        return false;
    if (is_64) {
        if (!reader_skip(mods, 4) || !read_u64le(mods, &offset) || !read_u64le(mods, &size))
            return false;
    } else {
        if (!read_u32le(mods, &word))
            return false;
        offset = word;
        if (!read_u32le(mods, &word))
            return false;
        size = word;
    }
    return size >= offset && size <= mods->size && reader_seek(mods, (size_t)offset) &&
           read_sub(mods, modules, (size_t)(size - offset));
}

/* The next module's type and its bytes, without the header of 8 bytes that its size includes. */
static bool next_module(struct reader *modules, uint32_t *type, struct reader *content)
{
    uint32_t size;

    return read_u32le(modules, type) && read_u32le(modules, &size) && size >= 8 &&
           read_sub(modules, content, size - 8);
}

static char *take_prefix(const struct reader *content, struct error *err)
{
    size_t length = strnlen((const char *)content->data, content->size);

    if (length == content->size || length == 0 || length > PREFIX_LIMIT_BYTES) {
        bad(err, "its prefix is empty, too long, or has no end");
        return NULL;
    }
    char *prefix = strdup((const char *)content->data);
    if (prefix == NULL)
        error_no_memory(err);
    return prefix;
}

char *grub_image_prefix(const struct bytes *efi_image, struct error *err)
{
    struct reader mods;
    struct reader modules;
    struct reader content;
    uint32_t type;
    bool is_64 = true;

    if (!find_mods(efi_image, &mods, &is_64, err))
        return NULL;
    if (!read_module_info(&mods, is_64, &modules)) {
        bad(err, "its modules are damaged");
        return NULL;
    }
    for (unsigned i = 0; i < MODULE_LIMIT && next_module(&modules, &type, &content); i++) {
        if (type == MODULE_TYPE_PREFIX)
            return take_prefix(&content, err);
    }
    bad(err, "it has no prefix built in");
    return NULL;
}
