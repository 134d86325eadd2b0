/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot_files.h"

#include <string.h>

/* A boot opens some dozens of files. */
#define DIGEST_CACHE_LIMIT 4096

struct cached_digest {
    size_t volume;
    char *path;
    struct digest_set digests;
};

struct boot_files {
    const struct boot_files_operations *operations;
    void *self;
    struct boot_volume *volumes;
    size_t count;
    struct cached_digest *cache;
    size_t cached;
};

struct boot_files *boot_files_new(const struct boot_files_operations *operations, void *self,
                                  const struct boot_volume *volumes, size_t count,
                                  struct error *err)
{
    OWNED(boot_files) files = calloc(1, sizeof(*files));

    if (files == NULL) {
        operations->free(self);
        error_no_memory(err);
        return NULL;
    }
    files->operations = operations;
    files->self = self;
    files->volumes = calloc(count == 0 ? 1 : count, sizeof(*files->volumes));
    if (files->volumes == NULL) {
        error_no_memory(err);
        return NULL;
    }
    memcpy(files->volumes, volumes, count * sizeof(*volumes));
    files->count = count;
    return TAKE(files);
}

void boot_files_free(struct boot_files *files)
{
    if (files == NULL)
        return;
    files->operations->free(files->self);
    for (size_t i = 0; i < files->cached; i++)
        free(files->cache[i].path);
    free(files->cache);
    free(files->volumes);
    free(files);
}

size_t boot_files_count(const struct boot_files *files)
{
    return files->count;
}

const struct boot_volume *boot_files_volume(const struct boot_files *files, size_t index)
{
    return &files->volumes[index];
}

bool boot_files_esp(const struct boot_files *files, size_t *index)
{
    for (size_t i = 0; i < files->count; i++) {
        if (files->volumes[i].is_esp && files->volumes[i].file_system != NULL)
            return *index = i, true;
    }
    return false;
}

/* Without doubled slashes and one at the end; false for what is no absolute path. */
static bool path_normalise(const char *path, char out[BOOT_PATH_LIMIT_BYTES])
{
    size_t used = 0;

    if (path[0] != '/' || strlen(path) >= BOOT_PATH_LIMIT_BYTES)
        return false;
    for (; *path != '\0'; path++) {
        if (*path != '/' || used == 0 || out[used - 1] != '/')
            out[used++] = *path;
    }
    while (used > 1 && out[used - 1] == '/')
        used--;
    out[used] = '\0';
    return true;
}

/* The error names the partition. */
static bool in_volume(const struct boot_files *files, size_t volume, struct error *err)
{
    return error_wrap(err, "partition %u", files->volumes[volume].partition);
}

static bool can_read(const struct boot_files *files, size_t volume, const char *path,
                     char normal[BOOT_PATH_LIMIT_BYTES], struct error *err)
{
    if (files->volumes[volume].file_system != NULL && path_normalise(path, normal))
        return true;
    error_set(err, COLDSEAL_BAD_IMAGE, "%.200s: no such file", path);
    return in_volume(files, volume, err);
}

bool boot_files_lookup(struct boot_files *files, size_t volume, const char *path,
                       enum boot_file_kind *kind, uint64_t *size_bytes, struct error *err)
{
    char normal[BOOT_PATH_LIMIT_BYTES];
    uint64_t size = 0;

    *kind = BOOT_FILE_NONE;
    if (files->volumes[volume].file_system == NULL || !path_normalise(path, normal))
        return true;
    if (!files->operations->lookup(files->self, volume, normal, kind, &size, err))
        return in_volume(files, volume, err);
    if (size_bytes != NULL)
        *size_bytes = size;
    return true;
}

struct bytes *boot_files_read(struct boot_files *files, size_t volume, const char *path,
                              size_t limit_bytes, struct error *err)
{
    char normal[BOOT_PATH_LIMIT_BYTES];

    if (!can_read(files, volume, path, normal, err))
        return NULL;
    struct bytes *bytes = files->operations->read(files->self, volume, normal, limit_bytes, err);
    if (bytes == NULL)
        in_volume(files, volume, err);
    return bytes;
}

static const struct cached_digest *cache_find(const struct boot_files *files, size_t volume,
                                              const char *path)
{
    for (size_t i = 0; i < files->cached; i++) {
        if (files->cache[i].volume == volume && strcmp(files->cache[i].path, path) == 0)
            return &files->cache[i];
    }
    return NULL;
}

static bool cache_add(struct boot_files *files, size_t volume, const char *path,
                      const struct digest_set *digests, struct error *err)
{
    if (files->cached == DIGEST_CACHE_LIMIT)
        return true;
    struct cached_digest *cache =
        reallocarray(files->cache, files->cached + 1, sizeof(*files->cache));
    if (cache == NULL)
        return error_no_memory(err);
    files->cache = cache;
    char *copy = strdup(path);
    if (copy == NULL)
        return error_no_memory(err);
    cache[files->cached++] = (struct cached_digest){volume, copy, *digests};
    return true;
}

/* Linux, Documentation/driver-api/early-userspace/buffer-format.rst */
#define ARCHIVE_ALIGNMENT 4

static bool feed_part(struct boot_files *files, const struct boot_file *part, uint64_t *position,
                      struct digest_set_stream *stream, struct error *err)
{
    static const uint8_t zeros[ARCHIVE_ALIGNMENT];
    size_t padding = (size_t)(-*position % ARCHIVE_ALIGNMENT);
    char normal[BOOT_PATH_LIMIT_BYTES];
    enum boot_file_kind kind;
    uint64_t size = 0;

    if (!can_read(files, part->volume, part->path, normal, err) ||
        !boot_files_lookup(files, part->volume, normal, &kind, &size, err) ||
        !digest_set_stream_update(stream, zeros, padding, err))
        return false;
    *position += padding + size;
    return files->operations->feed(files->self, part->volume, normal, stream, err) ||
           in_volume(files, part->volume, err);
}

static bool digest_parts(struct boot_files *files, const struct boot_file *parts, size_t count,
                         struct digest_set *digests, struct error *err)
{
    if (files->operations->digest != NULL)
        return files->operations->digest(files->self, parts, count, digests, err);
    OWNED(digest_set_stream) stream = digest_set_stream_new(err);
    uint64_t position = 0;

    for (size_t i = 0; stream != NULL && i < count; i++) {
        if (!feed_part(files, &parts[i], &position, stream, err))
            return false;
    }
    return stream != NULL && digest_set_stream_final(stream, digests, err);
}

bool boot_files_digest(struct boot_files *files, size_t volume, const char *path,
                       struct digest_set *digests, struct error *err)
{
    char normal[BOOT_PATH_LIMIT_BYTES];
    const struct boot_file file = {volume, normal};

    if (!can_read(files, volume, path, normal, err))
        return false;
    const struct cached_digest *cached = cache_find(files, volume, normal);
    if (cached != NULL) {
        *digests = cached->digests;
        return true;
    }
    return digest_parts(files, &file, 1, digests, err) &&
           cache_add(files, volume, normal, digests, err);
}

bool boot_files_digest_joined(struct boot_files *files, const struct boot_file *parts, size_t count,
                              struct digest_set *digests, struct error *err)
{
    return count == 1 ? boot_files_digest(files, parts[0].volume, parts[0].path, digests, err)
                      : digest_parts(files, parts, count, digests, err);
}

bool boot_files_list(struct boot_files *files, size_t volume, const char *path,
                     bool (*each)(void *context, const char *name), void *context,
                     struct error *err)
{
    char normal[BOOT_PATH_LIMIT_BYTES];

    return can_read(files, volume, path, normal, err) &&
           (files->operations->list(files->self, volume, normal, each, context, err) ||
            in_volume(files, volume, err));
}
