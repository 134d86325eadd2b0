/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/fat_dir.h"

#include <string.h>

#include "core/checked.h"
#include "core/reader.h"

#define ENTRY_BYTES 32
#define ATTRIBUTE_OFFSET 11
#define CASE_OFFSET 12
#define ATTRIBUTE_LABEL 0x08
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_LONG_NAME 0x0f
#define ATTRIBUTE_LONG_MASK 0x3f
#define NO_MORE 0x00
#define DELETED 0xe5

static struct bytes *read_fixed_root(struct fat *fat, struct error *err)
{
    OWNED(bytes) bytes = bytes_new(fat->root_length_bytes, err);

    if (bytes == NULL ||
        !disk_pread(fat->disk, bytes->data, bytes->size, fat->root_offset_bytes, err))
        return NULL;
    return TAKE(bytes);
}

struct bytes *fat_directory_read(struct fat *fat, uint32_t first_cluster, struct error *err)
{
    uint32_t limit = FAT_DIRECTORY_LIMIT_BYTES / fat->cluster_bytes;

    if (first_cluster == 0 && fat->bits != 32)
        return read_fixed_root(fat, err);
    OWNED(fat_chain) chain =
        fat_chain_read_all(fat, first_cluster == 0 ? fat->root_cluster : first_cluster, limit, err);
    if (chain == NULL)
        return NULL;
    OWNED(bytes) bytes = bytes_new((size_t)chain->count * fat->cluster_bytes, err);
    if (bytes == NULL || !fat_chain_pread(fat, chain, 0, bytes->data, bytes->size, err))
        return NULL;
    return TAKE(bytes);
}

static bool parse_item(const struct fat_directory_walk *walk, const uint8_t *raw,
                       struct fat_item *item)
{
    struct reader r = reader_over(raw, ENTRY_BYTES);
    uint16_t high;
    uint16_t low;

    if (!fat_short_name_text(raw, raw[CASE_OFFSET], item->short_name))
        return false;
    if (!fat_long_name_text(&walk->long_name, raw, item->entry.name))
        memcpy(item->entry.name, item->short_name, sizeof(item->short_name));
    item->entry.is_directory = (raw[ATTRIBUTE_OFFSET] & ATTRIBUTE_DIRECTORY) != 0;
    if (!reader_seek(&r, 20) || !read_u16le(&r, &high) || !reader_seek(&r, 26) ||
        !read_u16le(&r, &low) || !read_u32le(&r, &item->entry.size_bytes))
        return false;
    /* OS/2 kept something else in the upper half on FAT12 and FAT16. */
    item->entry.first_cluster = walk->fat->bits == 32 ? (uint32_t)high << 16 | low : low;
    return true;
}

/* What one entry of the table is: a name in the walk's item, part of one, or nothing of interest.
 */
static bool take_entry(struct fat_directory_walk *walk, const uint8_t *raw, struct fat_item *item)
{
    uint8_t attributes = raw[ATTRIBUTE_OFFSET];
    bool is_item = false;

    if (raw[0] != DELETED && (attributes & ATTRIBUTE_LONG_MASK) == ATTRIBUTE_LONG_NAME) {
        fat_long_name_add(&walk->long_name, raw);
        return false;
    }
    if (raw[0] != DELETED && raw[0] != '.' && (attributes & ATTRIBUTE_LABEL) == 0)
        is_item = parse_item(walk, raw, item);
    fat_long_name_reset(&walk->long_name);
    return is_item;
}

bool fat_directory_next(struct fat_directory_walk *walk, struct fat_item *item)
{
    while (range_within(walk->position, ENTRY_BYTES, walk->directory->size)) {
        const uint8_t *raw = walk->directory->data + walk->position;
        if (raw[0] == NO_MORE)
            return false;
        walk->position += ENTRY_BYTES;
        if (take_entry(walk, raw, item))
            return true;
    }
    return false;
}

static char fold(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Without case for ASCII, as all names on the boot path are. */
static bool name_equal(const char *name, const char *wanted, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '\0' || fold(name[i]) != fold(wanted[i]))
            return false;
    }
    return name[length] == '\0';
}

bool fat_directory_find(const struct fat *fat, const struct bytes *directory, const char *name,
                        size_t name_length, struct fat_entry *entry, bool *found, struct error *err)
{
    struct fat_directory_walk walk = {.fat = fat, .directory = directory};
    struct fat_item item;

    *found = false;
    while (fat_directory_next(&walk, &item)) {
        if (!name_equal(item.entry.name, name, name_length) &&
            !name_equal(item.short_name, name, name_length))
            continue;
        if (*found)
            return error_set(err, COLDSEAL_BAD_IMAGE, "FAT: two entries of a directory are \"%s\"",
                             item.entry.name);
        *found = true;
        *entry = item.entry;
    }
    return true;
}
