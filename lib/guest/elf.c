/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "core/reader.h"

#define SEGMENT_LIMIT 64
#define DYNAMIC_LIMIT 1024
#define VERSION_LIMIT 1024 /* records in a chain, and needs in all */

struct segment {
    uint64_t file_offset;
    uint64_t address;
    uint64_t file_size;
};

/* Where things are, as the dynamic section says; addresses until translated. */
struct elf_map {
    const struct bytes *file;
    struct segment loads[SEGMENT_LIMIT];
    size_t load_count;
    struct segment dynamic;
    uint64_t strings;
    uint64_t strings_size;
    uint64_t verneed;
    uint64_t verneed_count;
    uint64_t verdef;
    uint64_t verdef_count;
};

static bool malformed(struct error *err, const char *what)
{
    return error_set(err, COLDSEAL_BAD_IMAGE, "not a usable ELF file: %s", what);
}

void elf_free(struct elf *elf)
{
    if (elf == NULL)
        return;
    lines_clear(&elf->needed);
    lines_clear(&elf->provided);
    free(elf->needs);
    free(elf);
}

/* A reader over the file bytes that are loaded at `address`, to the end of their segment. */
static bool reader_at(const struct elf_map *map, uint64_t address, struct reader *r)
{
    for (size_t i = 0; i < map->load_count; i++) {
        const struct segment *load = &map->loads[i];
        if (address < load->address || address - load->address >= load->file_size)
            continue;
        uint64_t inside = address - load->address;
        *r = reader_over(map->file->data + load->file_offset, (size_t)load->file_size);
        return reader_seek(r, (size_t)inside);
    }
    return false;
}

/* A NUL-terminated string of the dynamic string table, borrowed. */
static bool string_at(const struct elf_map *map, uint64_t offset, const char **string)
{
    struct reader r;
    const uint8_t *view;

    if (offset >= map->strings_size || !reader_at(map, map->strings, &r) ||
        !reader_skip(&r, (size_t)offset))
        return false;
    size_t left = reader_left(&r);
    if (left > map->strings_size - offset)
        left = (size_t)(map->strings_size - offset);
    if (!read_view(&r, &view, left) || memchr(view, 0, left) == NULL)
        return false;
    *string = (const char *)view;
    return true;
}

/* gABI, figure 5-1. */
static bool read_segment(struct elf_map *map, struct reader *r, struct error *err)
{
    uint32_t type;
    uint64_t offset, address, file_size;

    if (!read_u32le(r, &type) || !reader_skip(r, 4) || !read_u64le(r, &offset) ||
        !read_u64le(r, &address) || !reader_skip(r, 8) || !read_u64le(r, &file_size) ||
        !reader_skip(r, 16))
        return malformed(err, "program headers end early");
    if (type != PT_LOAD && type != PT_DYNAMIC)
        return true;
    if (offset > map->file->size || file_size > map->file->size - offset)
        return malformed(err, "a segment lies outside the file");
    struct segment segment = {offset, address, file_size};
    if (type == PT_DYNAMIC)
        map->dynamic = segment;
    else
        map->loads[map->load_count++] = segment;
    return true;
}

/* gABI, figure 4-3. */
static bool read_header(struct elf_map *map, uint16_t *machine, struct error *err)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB};
    struct reader r = reader_over(map->file->data, map->file->size);
    const uint8_t *start;
    uint64_t headers;
    uint16_t entry_size, count;

    if (!read_view(&r, &start, sizeof(ident)) || memcmp(start, ident, sizeof(ident)) != 0)
        return malformed(err, "not 64-bit little-endian ELF");
    if (!reader_seek(&r, 18) || !read_u16le(&r, machine) || !reader_seek(&r, 32) ||
        !read_u64le(&r, &headers) || !reader_seek(&r, 54) || !read_u16le(&r, &entry_size) ||
        !read_u16le(&r, &count))
        return malformed(err, "the header ends early");
    if (entry_size != sizeof(Elf64_Phdr) || count > SEGMENT_LIMIT || headers > SIZE_MAX ||
        !reader_seek(&r, (size_t)headers))
        return malformed(err, "program headers");
    for (uint16_t i = 0; i < count; i++) {
        if (!read_segment(map, &r, err))
            return false;
    }
    return map->dynamic.file_size != 0 || malformed(err, "it has no dynamic section");
}

static void note_dynamic(struct elf_map *map, uint64_t tag, uint64_t value)
{
    switch (tag) {
    case DT_STRTAB:
        map->strings = value;
        break;
    case DT_STRSZ:
        map->strings_size = value;
        break;
    case DT_VERNEED:
        map->verneed = value;
        break;
    case DT_VERNEEDNUM:
        map->verneed_count = value;
        break;
    case DT_VERDEF:
        map->verdef = value;
        break;
    case DT_VERDEFNUM:
        map->verdef_count = value;
        break;
    default:
        break;
    }
}

/* Twice over the section: DT_NEEDED entries come before the string table is known. */
static bool read_dynamic(struct elf_map *map, struct lines *needed, struct error *err)
{
    const uint8_t *data = map->file->data + map->dynamic.file_offset;
    struct reader r = reader_over(data, (size_t)map->dynamic.file_size);
    uint64_t tag, value;
    const char *name;

    for (int i = 0;
         i < DYNAMIC_LIMIT && read_u64le(&r, &tag) && read_u64le(&r, &value) && tag != DT_NULL; i++)
        note_dynamic(map, tag, value);
    r = reader_over(data, (size_t)map->dynamic.file_size);
    for (int i = 0;
         i < DYNAMIC_LIMIT && read_u64le(&r, &tag) && read_u64le(&r, &value) && tag != DT_NULL;
         i++) {
        if (tag != DT_NEEDED)
            continue;
        if (!string_at(map, value, &name))
            return malformed(err, "a needed library has no name");
        if (!lines_add(needed, err, "%s", name))
            return false;
    }
    return true;
}

static bool add_need(struct elf *elf, const char *file, const char *version, struct error *err)
{
    if (elf->need_count == VERSION_LIMIT)
        return malformed(err, "too many needed versions");
    struct elf_version_need *needs =
        reallocarray(elf->needs, elf->need_count + 1, sizeof(*elf->needs));

    if (needs == NULL)
        return error_no_memory(err);
    elf->needs = needs;
    struct elf_version_need *need = &needs[elf->need_count++];
    snprintf(need->file, sizeof(need->file), "%s", file);
    snprintf(need->version, sizeof(need->version), "%s", version);
    return true;
}

/* LSB, figure 10-5: vna_hash, vna_flags, vna_other, vna_name, vna_next. */
static bool read_needed_versions(const struct elf_map *map, uint64_t address, uint16_t count,
                                 const char *file, struct elf *elf, struct error *err)
{
    for (uint16_t i = 0; i < count; i++) {
        struct reader r;
        uint16_t flags;
        uint32_t name, next;
        const char *version;
        if (!reader_at(map, address, &r) || !reader_skip(&r, 4) || !read_u16le(&r, &flags) ||
            !reader_skip(&r, 2) || !read_u32le(&r, &name) || !read_u32le(&r, &next) ||
            !string_at(map, name, &version))
            return malformed(err, "needed versions end early");
        if ((flags & VER_FLG_WEAK) == 0 && !add_need(elf, file, version, err))
            return false;
        address += next;
    }
    return true;
}

/* LSB, figure 10-4: vn_version, vn_cnt, vn_file, vn_aux, vn_next. */
static bool read_verneed(const struct elf_map *map, struct elf *elf, struct error *err)
{
    uint64_t address = map->verneed;

    if (map->verneed_count > VERSION_LIMIT)
        return malformed(err, "too many needed versions");
    for (uint64_t i = 0; i < map->verneed_count; i++) {
        struct reader r;
        uint16_t count;
        uint32_t file_name, first, next;
        const char *file;
        if (!reader_at(map, address, &r) || !reader_skip(&r, 2) || !read_u16le(&r, &count) ||
            !read_u32le(&r, &file_name) || !read_u32le(&r, &first) || !read_u32le(&r, &next) ||
            !string_at(map, file_name, &file) || count > VERSION_LIMIT)
            return malformed(err, "needed versions end early");
        if (!read_needed_versions(map, address + first, count, file, elf, err))
            return false;
        address += next;
    }
    return true;
}

/* LSB, figures 10-2 and 10-3; the first name of each definition is its own. */
static bool read_verdef(const struct elf_map *map, struct lines *provided, struct error *err)
{
    uint64_t address = map->verdef;

    if (map->verdef_count > VERSION_LIMIT)
        return malformed(err, "too many versions");
    for (uint64_t i = 0; i < map->verdef_count; i++) {
        struct reader r, names;
        uint32_t first, next, name;
        const char *version;
        if (!reader_at(map, address, &r) || !reader_skip(&r, 12) || !read_u32le(&r, &first) ||
            !read_u32le(&r, &next) || !reader_at(map, address + first, &names) ||
            !read_u32le(&names, &name) || !string_at(map, name, &version))
            return malformed(err, "versions end early");
        if (!lines_add(provided, err, "%s", version))
            return false;
        address += next;
    }
    return true;
}

struct elf *elf_read(const struct bytes *file, struct error *err)
{
    struct elf_map map = {.file = file};
    OWNED(elf) elf = calloc(1, sizeof(*elf));

    if (elf == NULL)
        return error_no_memory(err), NULL;
    if (!read_header(&map, &elf->machine, err) || !read_dynamic(&map, &elf->needed, err) ||
        !read_verneed(&map, elf, err) || !read_verdef(&map, &elf->provided, err))
        return NULL;
    return TAKE(elf);
}
