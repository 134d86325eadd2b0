/* SPDX-License-Identifier: Apache-2.0 */
/* GRUB keeps its modules, its built-in configuration and its prefix in the section "mods" of the
 * EFI image: GRUB 2.06, include/grub/kernel.h (layout) and grub-core/kern/efi/init.c (section). */
#include "boot/grub_image.h"

#include <string.h>

#include "boot/grub.h"

#define MODULE_MAGIC UINT32_C(0x676d696d)
#define OBJECT_LIMIT 4096
#define PREFIX_LIMIT_BYTES 512
#define ELF_SECTION_LIMIT 256
#define ELF_NAME_LIMIT 64

static bool bad(struct error *err, const char *reason)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "not a GRUB EFI image: %s", reason);
}

/* A word of the image's own width. */
static bool read_word(struct reader *r, bool is_64, uint64_t *value)
{
    uint32_t half;

    if (is_64)
        return read_u64le(r, value);
    return read_u32le(r, &half) && (*value = half, true);
}

/* grub_module_info64 or 32; the objects follow at its offset, up to its size. */
static bool read_module_info(struct reader *mods, bool is_64, struct reader *objects)
{
    uint32_t magic;
    uint64_t offset;
    uint64_t size;

    return read_u32le(mods, &magic) && magic == MODULE_MAGIC && reader_skip(mods, is_64 ? 4 : 0) &&
           read_word(mods, is_64, &offset) && read_word(mods, is_64, &size) && size >= offset &&
           size <= mods->size && reader_seek(mods, (size_t)offset) &&
           read_sub(mods, objects, (size_t)(size - offset));
}

bool grub_image_open(const struct bytes *efi_image, struct grub_image *image, struct error *err)
{
    image->count = 0;
    if (!pe_parse(efi_image, &image->pe, err))
        return false;
    const struct pe_section *section = pe_section_find(&image->pe, "mods");
    if (section == NULL)
        return bad(err, "it has no section \"mods\"");
    struct reader mods = pe_section_content(&image->pe, section);
    return read_module_info(&mods, image->pe.is_plus, &image->objects) ||
           bad(err, "its modules are damaged");
}

/* The size includes a header of 8 bytes. */
bool grub_image_next(struct grub_image *image, uint32_t *type, struct reader *content)
{
    uint32_t size;

    return image->count++ < OBJECT_LIMIT && read_u32le(&image->objects, type) &&
           read_u32le(&image->objects, &size) && size >= 8 &&
           read_sub(&image->objects, content, size - 8);
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
    struct grub_image image;
    struct reader content;
    uint32_t type;

    if (!grub_image_open(efi_image, &image, err))
        return NULL;
    while (grub_image_next(&image, &type, &content)) {
        if (type == GRUB_OBJECT_PREFIX)
            return take_prefix(&content, err);
    }
    bad(err, "it has no prefix built in");
    return NULL;
}

struct elf {
    struct reader file;
    bool is_64;
    uint64_t table;
    uint16_t entry_bytes;
    uint16_t count;
    uint16_t names;
};

static bool read_elf(const struct reader *module, struct elf *elf)
{
    uint8_t identity[16];
    uint64_t word;

    elf->file = reader_over(module->data, module->size);
    if (!read_bytes(&elf->file, identity, sizeof(identity)) ||
        memcmp(identity, "\177ELF", 4) != 0 || identity[4] < 1 || identity[4] > 2)
        return false;
    elf->is_64 = identity[4] == 2;
    return reader_skip(&elf->file, 8) && read_word(&elf->file, elf->is_64, &word) &&
           read_word(&elf->file, elf->is_64, &word) &&
           read_word(&elf->file, elf->is_64, &elf->table) && reader_skip(&elf->file, 10) &&
           read_u16le(&elf->file, &elf->entry_bytes) && read_u16le(&elf->file, &elf->count) &&
           read_u16le(&elf->file, &elf->names) && elf->count <= ELF_SECTION_LIMIT;
}

/* Section header `index`: where its name is, and its bytes. */
static bool read_section(struct elf *elf, uint16_t index, uint32_t *name, struct reader *content)
{
    struct reader r = elf->file;
    uint64_t word;
    uint64_t offset;
    uint64_t size;
    uint64_t place = elf->table + (uint64_t)index * elf->entry_bytes;

    return elf->table <= r.size && place <= r.size && reader_seek(&r, (size_t)place) &&
           read_u32le(&r, name) && reader_skip(&r, 4) && read_word(&r, elf->is_64, &word) &&
           read_word(&r, elf->is_64, &word) && read_word(&r, elf->is_64, &offset) &&
           read_word(&r, elf->is_64, &size) && offset <= r.size && size <= r.size &&
           reader_seek(&r, (size_t)offset) && read_sub(&r, content, (size_t)size);
}

static bool is_named(struct reader names, uint32_t offset, const char *name)
{
    char found[ELF_NAME_LIMIT];
    size_t length = strlen(name) + 1;

    return length <= sizeof(found) && reader_seek(&names, offset) &&
           read_bytes(&names, found, length) && memcmp(found, name, length) == 0;
}

bool grub_module_section(const struct reader *module, const char *name, struct reader *section)
{
    struct elf elf;
    struct reader names;
    uint32_t name_offset;

    if (!read_elf(module, &elf) || !read_section(&elf, elf.names, &name_offset, &names))
        return false;
    for (uint16_t i = 0; i < elf.count; i++) {
        if (read_section(&elf, i, &name_offset, section) && is_named(names, name_offset, name))
            return true;
    }
    return false;
}
