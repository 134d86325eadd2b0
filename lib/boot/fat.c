/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/fat.h"

#include <string.h>

#include "boot/fat_dir.h"
#include "core/checked.h"

#define PATH_DEPTH_LIMIT 16
#define DIGEST_PIECE_BYTES ((size_t)256 << 10)

static const struct fat_entry root_entry = {.name = "/", .is_directory = true};

/* The next name of a path; its length is 0 at the end. */
static size_t next_name(const char **path)
{
    while (**path == '/')
        (*path)++;
    return strcspn(*path, "/");
}

/* From the entry of a directory to that of `name` in it. */
static bool step(struct fat *fat, const char *name, size_t length, struct fat_entry *entry,
                 bool *found, struct error *err)
{
    *found = false;
    if (!entry->is_directory)
        return true;
    OWNED(bytes) directory = fat_directory_read(fat, entry->first_cluster, err);
    return directory != NULL && fat_directory_find(fat, directory, name, length, entry, found, err);
}

bool fat_lookup(struct fat *fat, const char *path, struct fat_entry *entry, bool *found,
                struct error *err)
{
    const char *rest = path;

    *entry = root_entry;
    *found = true;
    for (unsigned depth = 0; *found; depth++) {
        size_t length = next_name(&rest);
        if (length == 0)
            return true;
        if (depth == PATH_DEPTH_LIMIT)
            return error_set(err, COLDSEAL_UNSUPPORTED, "%s: more than %d folders deep", path,
                             PATH_DEPTH_LIMIT);
        if (!step(fat, rest, length, entry, found, err))
            return error_wrap(err, "%s", path);
        /* Cluster 0 is the root only at the start; an entry without clusters holds nothing. */
        if (*found && entry->is_directory && entry->first_cluster == 0)
            return error_set(err, COLDSEAL_BAD_IMAGE, "%s: a folder without clusters", path);
        rest += length;
    }
    return true;
}

bool fat_list(struct fat *fat, const char *path,
              bool (*each)(void *context, const struct fat_entry *entry), void *context,
              struct error *err)
{
    struct fat_entry entry;
    struct fat_item item;
    bool found;

    if (!fat_lookup(fat, path, &entry, &found, err))
        return false;
    if (!found || !entry.is_directory)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: no such folder", path);
    OWNED(bytes) directory = fat_directory_read(fat, entry.first_cluster, err);
    if (directory == NULL)
        return error_wrap(err, "%s", path);
    struct fat_directory_walk walk = {.fat = fat, .directory = directory};
    while (fat_directory_next(&walk, &item)) {
        if (!each(context, &item.entry))
            break;
    }
    return true;
}

/* A file that must be there and not be longer than `limit_bytes`. */
static bool find_file(struct fat *fat, const char *path, size_t limit_bytes,
                      struct fat_entry *entry, struct error *err)
{
    bool found;

    if (!fat_lookup(fat, path, entry, &found, err))
        return false;
    if (!found || entry->is_directory)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: %s", path,
                         found ? "is a folder" : "no such file");
    if (entry->size_bytes > limit_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: %u bytes, more than the %zu expected", path,
                         entry->size_bytes, limit_bytes);
    return true;
}

static struct fat_chain *read_file_chain(struct fat *fat, const struct fat_entry *entry,
                                         struct error *err)
{
    uint64_t clusters = ((uint64_t)entry->size_bytes + fat->cluster_bytes - 1) / fat->cluster_bytes;

    return fat_chain_read(fat, entry->first_cluster, (uint32_t)clusters, err);
}

struct bytes *fat_read_file(struct fat *fat, const char *path, size_t limit_bytes,
                            struct error *err)
{
    struct fat_entry entry;

    if (!find_file(fat, path, limit_bytes, &entry, err))
        return NULL;
    OWNED(fat_chain) chain = read_file_chain(fat, &entry, err);
    OWNED(bytes) bytes = chain == NULL ? NULL : bytes_new(entry.size_bytes, err);
    if (bytes == NULL || !fat_chain_pread(fat, chain, 0, bytes->data, bytes->size, err)) {
        error_wrap(err, "%s", path);
        return NULL;
    }
    return TAKE(bytes);
}

static bool feed_chain(struct fat *fat, const struct fat_chain *chain, uint32_t size_bytes,
                       struct digest_set_stream *stream, struct error *err)
{
    OWNED(bytes) piece = bytes_new(DIGEST_PIECE_BYTES, err);

    if (piece == NULL)
        return false;
    for (uint64_t done = 0; done < size_bytes;) {
        size_t size = (size_t)min_u64(size_bytes - done, piece->size);
        if (!fat_chain_pread(fat, chain, done, piece->data, size, err) ||
            !digest_set_stream_update(stream, piece->data, size, err))
            return false;
        done += size;
    }
    return true;
}

bool fat_feed_file(struct fat *fat, const char *path, struct digest_set_stream *stream,
                   struct error *err)
{
    struct fat_entry entry;

    if (!find_file(fat, path, SIZE_MAX, &entry, err))
        return false;
    OWNED(fat_chain) chain = read_file_chain(fat, &entry, err);
    return (chain != NULL && feed_chain(fat, chain, entry.size_bytes, stream, err)) ||
           error_wrap(err, "%s", path);
}

bool fat_patch_file(struct fat *fat, const char *path, uint64_t offset_bytes, const void *data,
                    size_t size, struct error *err)
{
    struct fat_entry entry;

    if (!find_file(fat, path, SIZE_MAX, &entry, err))
        return false;
    if (!range_within(offset_bytes, size, entry.size_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: %zu bytes to overwrite at byte %llu of %u",
                         path, size, (unsigned long long)offset_bytes, entry.size_bytes);
    OWNED(fat_chain) chain = read_file_chain(fat, &entry, err);
    if (chain == NULL || !fat_chain_pwrite(fat, chain, offset_bytes, data, size, err))
        return error_wrap(err, "%s", path);
    return true;
}
