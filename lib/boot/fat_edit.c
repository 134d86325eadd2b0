/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/fat_edit.h"

#include <string.h>
#include <time.h>

#include "boot/fat_dir.h"
#include "boot/fat_table.h"
#include "core/checked.h"
#include "core/writer.h"

/* FAT specification, clause 6. */
#define ENTRY_BYTES 32
#define ATTRIBUTE_OFFSET 11
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_ARCHIVE 0x20
#define ATTRIBUTE_LONG_NAME 0x0f
#define DELETED 0xe5
#define PATH_LIMIT_BYTES 256

/* A folder in memory, with the one name in it that is at hand. */
struct folder {
    uint32_t first_cluster; /* 0: the root */
    char name[PATH_LIMIT_BYTES];
    struct bytes *bytes;
    bool found;
    size_t position; /* of the name's entry */
    struct fat_entry entry;
};

static void folder_free(struct folder *folder)
{
    if (folder == NULL)
        return;
    bytes_free(folder->bytes);
    free(folder);
}
DEFINE_OWNED(folder);

static bool find_name(struct fat *fat, struct folder *folder, struct error *err)
{
    struct fat_directory_walk walk = {.fat = fat, .directory = folder->bytes};
    struct fat_item item;

    if (!fat_directory_find(fat, folder->bytes, folder->name, strlen(folder->name), &folder->entry,
                            &folder->found, err))
        return false;
    while (folder->found && fat_directory_next(&walk, &item)) {
        folder->position = walk.position - ENTRY_BYTES;
        if (strcmp(item.entry.name, folder->entry.name) == 0)
            break;
    }
    return true;
}

/* The folder that `path` is in. */
static struct folder *folder_open(struct fat *fat, const char *path, struct error *err)
{
    OWNED(folder) folder = calloc(1, sizeof(*folder));
    const char *slash = strrchr(path, '/');
    char parent[PATH_LIMIT_BYTES];
    struct fat_entry entry;
    bool found;

    if (folder == NULL)
        return error_no_memory(err), NULL;
    if (slash == NULL || slash[1] == '\0' || strlen(path) >= sizeof(parent))
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: no path of a file", path), NULL;
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = '\0';
    memcpy(folder->name, slash + 1, strlen(slash + 1) + 1);
    if (!fat_lookup(fat, parent, &entry, &found, err))
        return NULL;
    if (!found || !entry.is_directory)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: no such folder", parent), NULL;
    folder->first_cluster = entry.first_cluster;
    folder->bytes = fat_directory_read(fat, entry.first_cluster, err);
    return folder->bytes != NULL && find_name(fat, folder, err) ? TAKE(folder) : NULL;
}

static bool folder_write(struct fat *fat, const struct folder *folder, struct error *err)
{
    uint32_t first = folder->first_cluster;

    if (first == 0 && fat->bits != 32)
        return disk_pwrite(fat->disk, folder->bytes->data, folder->bytes->size,
                           fat->root_offset_bytes, err);
    OWNED(fat_chain)
    chain = fat_chain_read(fat, first == 0 ? fat->root_cluster : first,
                           (uint32_t)(folder->bytes->size / fat->cluster_bytes), err);
    return chain != NULL &&
           fat_chain_pwrite(fat, chain, 0, folder->bytes->data, folder->bytes->size, err);
}

/* One more cluster, of zeros, at the folder's end. */
static bool folder_grow(struct fat *fat, struct folder *folder, struct fat_table *table,
                        struct error *err)
{
    uint32_t first = folder->first_cluster == 0 ? fat->root_cluster : folder->first_cluster;

    if ((folder->first_cluster == 0 && fat->bits != 32) ||
        folder->bytes->size >= FAT_DIRECTORY_LIMIT_BYTES)
        return error_set(err, COLDSEAL_UNSUPPORTED, "FAT: a folder is full");
    OWNED(fat_chain)
    chain = fat_chain_read(fat, first, (uint32_t)(folder->bytes->size / fat->cluster_bytes), err);
    OWNED(bytes) larger = bytes_new(folder->bytes->size + fat->cluster_bytes, err);
    if (chain == NULL || larger == NULL)
        return false;
    OWNED(fat_chain) added = fat_table_allocate(table, chain->clusters[chain->count - 1], 1, err);
    if (added == NULL)
        return false;
    memcpy(larger->data, folder->bytes->data, folder->bytes->size);
    bytes_free(folder->bytes);
    folder->bytes = TAKE(larger);
    return true;
}

/* FAT specification, clause 6.1; Windows NT keeps lower case in two bits of byte 12. */
static bool make_short_name(const char *name, uint8_t raw[FAT_SHORT_NAME_BYTES], uint8_t *flags)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char other[] = "0123456789_-";
    const char *dot = strchrnul(name, '.');
    const char *parts[] = {name, *dot == '.' ? dot + 1 : dot};
    size_t lengths[] = {(size_t)(dot - name), strlen(parts[1])};

    memset(raw, ' ', FAT_SHORT_NAME_BYTES);
    *flags = 0;
    if (lengths[0] == 0 || lengths[0] > 8 || lengths[1] > 3 || (*dot == '.' && lengths[1] == 0))
        return false;
    for (size_t part = 0; part < 2; part++) {
        bool has_lower = false, has_upper = false;
        for (size_t i = 0; i < lengths[part]; i++) {
            char c = parts[part][i];
            const char *letter = strchr(lower, c);
            has_lower = has_lower || letter != NULL;
            has_upper = has_upper || strchr(upper, c) != NULL;
            if (letter == NULL && strchr(upper, c) == NULL && strchr(other, c) == NULL)
                return false;
            raw[part * 8 + i] = (uint8_t)(letter == NULL ? c : upper[letter - lower]);
        }
        if (has_lower && has_upper)
            return false;
        *flags |= (uint8_t)(has_lower ? 8U << part : 0);
    }
    return true;
}

static void write_time(struct writer *w)
{
    time_t now = time(NULL);
    struct tm tm;

    gmtime_r(&now, &tm);
    write_u16le(w, (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2));
    write_u16le(w, (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday));
}

/* All of an entry but its name and case. */
static void fill_entry(uint8_t *raw, uint8_t attributes, uint32_t first_cluster, uint32_t size)
{
    struct writer w = writer_over(raw, ENTRY_BYTES);

    raw[ATTRIBUTE_OFFSET] = attributes;
    w.position = 13;
    write_u8(&w, 0);
    write_time(&w);     /* created … */
    write_u16le(&w, 0); /* … accessed: not kept */
    write_u16le(&w, (uint16_t)(first_cluster >> 16));
    write_time(&w);
    write_u16le(&w, (uint16_t)first_cluster);
    write_u32le(&w, size);
}

static bool find_free_entry(struct fat *fat, struct folder *folder, struct fat_table *table,
                            struct error *err)
{
    uint8_t *data = folder->bytes->data;
    size_t size = folder->bytes->size;

    for (size_t at = 0; at < size; at += ENTRY_BYTES) {
        if (data[at] != 0 && data[at] != DELETED)
            continue;
        /* what lies behind the end may be anything */
        if (data[at] == 0 && at + ENTRY_BYTES < size)
            data[at + ENTRY_BYTES] = 0;
        folder->position = at;
        return true;
    }
    folder->position = size;
    return folder_grow(fat, folder, table, err);
}

/* The entry of the folder's name, new where there was none. */
static bool set_entry(struct fat *fat, struct folder *folder, struct fat_table *table,
                      uint8_t attributes, uint32_t first_cluster, uint32_t size, struct error *err)
{
    uint8_t name[FAT_SHORT_NAME_BYTES], flags;

    if (!folder->found) {
        if (!make_short_name(folder->name, name, &flags))
            return error_set(err, COLDSEAL_UNSUPPORTED, "FAT: \"%s\" is no short name",
                             folder->name);
        if (!find_free_entry(fat, folder, table, err))
            return false;
        memcpy(folder->bytes->data + folder->position, name, sizeof(name));
        folder->bytes->data[folder->position + 12] = flags;
    }
    fill_entry(folder->bytes->data + folder->position, attributes, first_cluster, size);
    return true;
}

static bool write_content(struct fat *fat, const struct fat_chain *chain, const void *data,
                          size_t size, struct error *err)
{
    OWNED(bytes) padded = bytes_new((size_t)chain->count * fat->cluster_bytes, err);

    if (padded == NULL)
        return false;
    if (size > 0)
        memcpy(padded->data, data, size);
    return fat_chain_pwrite(fat, chain, 0, padded->data, padded->size, err);
}

static bool write_file(struct fat *fat, struct folder *folder, const void *data, size_t size,
                       struct error *err)
{
    uint64_t clusters = ((uint64_t)size + fat->cluster_bytes - 1) / fat->cluster_bytes;
    OWNED(fat_table) table = fat_table_read(fat, err);

    if (table == NULL ||
        (folder->found && !fat_table_release(table, folder->entry.first_cluster, err)))
        return false;
    if (clusters > fat->cluster_count)
        return error_set(err, COLDSEAL_UNSUPPORTED, "FAT: no room for %zu bytes", size);
    OWNED(fat_chain) chain = fat_table_allocate(table, 0, (uint32_t)clusters, err);
    return chain != NULL && write_content(fat, chain, data, size, err) &&
           set_entry(fat, folder, table, ATTRIBUTE_ARCHIVE,
                     chain->count == 0 ? 0 : chain->clusters[0], (uint32_t)size, err) &&
           fat_table_write(table, fat, err) && folder_write(fat, folder, err);
}

bool fat_write_file(struct fat *fat, const char *path, const void *data, size_t size,
                    struct error *err)
{
    OWNED(folder) folder = folder_open(fat, path, err);

    if (folder == NULL)
        return false;
    if (folder->found && folder->entry.is_directory)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: is a folder", path);
    return write_file(fat, folder, data, size, err) || error_wrap(err, "%s", path);
}

/* FAT specification, clause 6.5: "." and "..", which is 0 for the root. */
static bool fill_new_folder(struct fat *fat, const struct folder *parent,
                            const struct fat_chain *chain, struct error *err)
{
    uint8_t entries[2 * ENTRY_BYTES];

    memset(entries, 0, sizeof(entries));
    memcpy(entries, ".          ", FAT_SHORT_NAME_BYTES);
    memcpy(entries + ENTRY_BYTES, "..         ", FAT_SHORT_NAME_BYTES);
    fill_entry(entries, ATTRIBUTE_DIRECTORY, chain->clusters[0], 0);
    fill_entry(entries + ENTRY_BYTES, ATTRIBUTE_DIRECTORY, parent->first_cluster, 0);
    return write_content(fat, chain, entries, sizeof(entries), err);
}

static bool make_one_folder(struct fat *fat, const char *path, struct error *err)
{
    OWNED(folder) folder = folder_open(fat, path, err);

    if (folder == NULL)
        return false;
    if (folder->found)
        return folder->entry.is_directory ||
               error_set(err, COLDSEAL_UNSUPPORTED, "%s: is no folder", path);
    OWNED(fat_table) table = fat_table_read(fat, err);
    OWNED(fat_chain) chain = table == NULL ? NULL : fat_table_allocate(table, 0, 1, err);
    return chain != NULL && fill_new_folder(fat, folder, chain, err) &&
           set_entry(fat, folder, table, ATTRIBUTE_DIRECTORY, chain->clusters[0], 0, err) &&
           fat_table_write(table, fat, err) && folder_write(fat, folder, err);
}

bool fat_make_folder(struct fat *fat, const char *path, struct error *err)
{
    char part[PATH_LIMIT_BYTES];
    size_t length = strlen(path);

    if (length >= sizeof(part))
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: too long", path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (!make_one_folder(fat, part, err))
            return error_wrap(err, "%s", path);
    }
    return true;
}

/* The parts of a long name in front of it go with an entry. */
static void delete_entry(struct folder *folder)
{
    uint8_t *data = folder->bytes->data;
    size_t at = folder->position;

    data[at] = DELETED;
    while (at >= ENTRY_BYTES && data[at - ENTRY_BYTES] != DELETED &&
           data[at - ENTRY_BYTES + ATTRIBUTE_OFFSET] == ATTRIBUTE_LONG_NAME) {
        at -= ENTRY_BYTES;
        data[at] = DELETED;
    }
}

bool fat_remove(struct fat *fat, const char *path, struct error *err)
{
    OWNED(folder) folder = folder_open(fat, path, err);

    if (folder == NULL)
        return false;
    if (!folder->found)
        return true;
    if (folder->entry.is_directory)
        return error_set(err, COLDSEAL_UNSUPPORTED, "%s: is a folder", path);
    OWNED(fat_table) table = fat_table_read(fat, err);
    if (table == NULL || !fat_table_release(table, folder->entry.first_cluster, err))
        return false;
    delete_entry(folder);
    return fat_table_write(table, fat, err) && folder_write(fat, folder, err);
}
