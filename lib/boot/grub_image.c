/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB keeps its modules, its built-in configuration and its prefix in the section "mods" of the
 * EFI image: GRUB 2.06, include/grub/kernel.h (layout) and grub-core/kern/efi/init.c (section). */
#include <string.h>

#include "boot/grub.h"
#include "core/reader.h"

#define PE_POINTER_OFFSET 0x3c
#define SECTION_NAME_BYTES 8
#define SECTION_LIMIT 96 /* what Windows loads; signed GRUBs have about 6 */
#define MODULE_MAGIC UINT32_C(0x676d696d)
#define MODULE_TYPE_PREFIX 3
#define MODULE_LIMIT 4096
#define PREFIX_LIMIT_BYTES 512

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "not a GRUB EFI image: %s", reason);
}

/* PE/COFF specification 11.0, clauses 3 and 4: to the section table, how many entries it has. */
static bool find_sections(struct reader *image, uint16_t *count, uint16_t *optional_magic)
{
    uint32_t pe_offset;
    uint32_t signature;
    uint16_t optional_bytes;
    struct reader optional;

    return reader_seek(image, PE_POINTER_OFFSET) && read_u32le(image, &pe_offset) &&
           reader_seek(image, pe_offset) && read_u32le(image, &signature) &&
           signature == 0x00004550 && reader_skip(image, 2) && read_u16le(image, count) &&
           reader_skip(image, 12) && read_u16le(image, &optional_bytes) && reader_skip(image, 2) &&
           read_sub(image, &optional, optional_bytes) && read_u16le(&optional, optional_magic);
}

/* The section's bytes within the file. */
static bool take_section(struct reader *image, const char *name, struct reader *section,
                         bool *matches)
{
    char wanted[SECTION_NAME_BYTES] = {0};
    char found[SECTION_NAME_BYTES];
    struct reader file = *image;
    uint32_t size;
    uint32_t offset;

    memcpy(wanted, name, strlen(name));
    if (!read_bytes(image, found, sizeof(found)) || !reader_skip(image, 8) ||
        !read_u32le(image, &size) || !read_u32le(image, &offset) || !reader_skip(image, 16))
        return false;
    *matches = memcmp(found, wanted, sizeof(found)) == 0;
    return !*matches || (reader_seek(&file, offset) && read_sub(&file, section, size));
}

static bool find_mods(const struct bytes *efi_image, struct reader *mods, bool *is_64,
                      struct error *err)
{
    struct reader image = reader_over(efi_image->data, efi_image->size);
    uint16_t count;
    uint16_t magic;
    bool found = false;

    if (!find_sections(&image, &count, &magic) || count > SECTION_LIMIT)
        return bad(err, "no PE headers");
    *is_64 = magic == 0x20b; /* PE32+ */
    for (uint16_t i = 0; i < count && !found; i++) {
        if (!take_section(&image, "mods", mods, &found))
            return bad(err, "the section table is cut off");
    }
    return found || bad(err, "it has no section \"mods\"");
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
