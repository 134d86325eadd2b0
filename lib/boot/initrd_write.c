/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/initrd_pack.h"

#define ALIGNMENT 4
/* Numbers of inodes are told apart by cpio where a file has several names; ours have one. */
#define HEADER_FORMAT "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
#define TRAILER "TRAILER!!!"

bool initrd_add(struct initrd_additions *additions, const char *name, uint32_t mode,
                struct bytes *data, struct error *err)
{
    OWNED(bytes) content = data;
    OWNED_PTR(char) copy = strdup(name);
    struct initrd_addition *items =
        reallocarray(additions->items, additions->count + 1, sizeof(*items));

    if (items != NULL)
        additions->items = items;
    if (copy == NULL || items == NULL || content == NULL)
        return error_no_memory(err);
    items[additions->count++] = (struct initrd_addition){TAKE(copy), mode, TAKE(content)};
    return true;
}

bool initrd_has_addition(const struct initrd_additions *additions, const char *name)
{
    for (size_t i = 0; i < additions->count; i++) {
        if (strcmp(additions->items[i].name, name) == 0)
            return true;
    }
    return false;
}

void initrd_additions_free(struct initrd_additions *additions)
{
    if (additions == NULL)
        return;
    for (size_t i = 0; i < additions->count; i++) {
        free(additions->items[i].name);
        bytes_free(additions->items[i].data);
    }
    free(additions->items);
    free(additions);
}

/* An archive that grows, into memory. */
struct archive {
    FILE *stream;
    char *text;
    size_t size;
    uint32_t next_inode;
};

static bool archive_open(struct archive *archive)
{
    *archive = (struct archive){.next_inode = 1};
    archive->stream = open_memstream(&archive->text, &archive->size);
    return archive->stream != NULL;
}

static bool pad(struct archive *archive)
{
    long at = ftell(archive->stream);
    bool ok = at >= 0;

    for (; ok && at % ALIGNMENT != 0; at++)
        ok = fputc(0, archive->stream) != EOF;
    return ok;
}

static bool put(struct archive *archive, const char *name, uint32_t mode, const void *data,
                size_t size)
{
    unsigned links = S_ISDIR(mode) ? 2 : 1;
    uint32_t inode = mode == 0 ? 0 : archive->next_inode++;

    return fprintf(archive->stream, HEADER_FORMAT, inode, mode, 0, 0, links, 0, (unsigned)size, 0,
                   0, 0, 0, (unsigned)strlen(name) + 1, 0) > 0 &&
           fwrite(name, 1, strlen(name) + 1, archive->stream) == strlen(name) + 1 && pad(archive) &&
           (size == 0 || fwrite(data, 1, size, archive->stream) == size) && pad(archive);
}

static struct bytes *archive_close(struct archive *archive, bool ok, struct error *err)
{
    struct bytes *bytes = NULL;

    ok = ok && put(archive, TRAILER, 0, NULL, 0);
    ok = fclose(archive->stream) == 0 && ok;
    if (!ok)
        error_no_memory(err);
    else if (archive->size > INITRD_LIMIT_BYTES)
        error_set(err, COLDSEAL_UNSUPPORTED, "an initramfs of more than %zu bytes",
                  INITRD_LIMIT_BYTES);
    else
        bytes = bytes_copy(archive->text, archive->size, err);
    free(archive->text);
    return bytes;
}

static bool last_has(const struct initrd *initrd, const char *name, size_t length)
{
    for (size_t i = 0; i < initrd->count; i++) {
        const char *member = initrd->members[i].name;
        if (initrd->members[i].is_last && strncmp(member, name, length) == 0 &&
            member[length] == '\0')
            return true;
    }
    return false;
}

/* Modules that are compressed each by itself; mkinitramfs(8) keeps them out of the last archive. */
static bool is_packed(const struct initrd_addition *addition)
{
    const char *dot = strrchr(addition->name, '.');

    return dot != NULL && (strcmp(dot, ".xz") == 0 || strcmp(dot, ".zst") == 0);
}

/* Folders above addition `i` that its archive does not have yet: cpio(1) wants them in each. */
static bool put_parents(struct archive *archive, const struct initrd *initrd,
                        const struct initrd_additions *additions, size_t i)
{
    const char *name = additions->items[i].name;
    bool packed = is_packed(&additions->items[i]);

    for (const char *end = strchr(name, '/'); end != NULL; end = strchr(end + 1, '/')) {
        size_t length = (size_t)(end - name);
        bool is_made = !packed && last_has(initrd, name, length);
        for (size_t j = 0; !is_made && j < i; j++)
            is_made = is_packed(&additions->items[j]) == packed &&
                      strncmp(additions->items[j].name, name, length + 1) == 0;
        if (is_made)
            continue;
        OWNED_PTR(char) folder = strndup(name, length);
        if (folder == NULL || !put(archive, folder, S_IFDIR | 0755, NULL, 0))
            return false;
    }
    return true;
}

static bool put_additions(struct archive *archive, const struct initrd *initrd,
                          const struct initrd_additions *additions, bool packed)
{
    for (size_t i = 0; i < additions->count; i++) {
        const struct initrd_addition *addition = &additions->items[i];
        if (is_packed(addition) == packed && (!put_parents(archive, initrd, additions, i) ||
                                              !put(archive, addition->name, addition->mode,
                                                   addition->data->data, addition->data->size)))
            return false;
    }
    return true;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static bool put_members(struct archive *archive, const struct initrd *initrd,
                        const struct initrd_additions *additions, const char *const *dropped,
                        size_t dropped_count)
{
    bool ok = true;

    for (size_t i = 0; ok && i < initrd->count; i++) {
        const struct initrd_member *member = &initrd->members[i];
        if (!member->is_last || initrd_has_addition(additions, member->name) ||
            is_among(member->name, dropped, dropped_count))
            continue;
        ok = fwrite(member->raw, 1, member->raw_size, archive->stream) == member->raw_size &&
             pad(archive);
    }
    return ok;
}

static struct bytes *write_packed(const struct initrd *initrd,
                                  const struct initrd_additions *additions, struct error *err)
{
    struct archive archive;
    size_t count = 0;

    for (size_t i = 0; i < additions->count; i++)
        count += is_packed(&additions->items[i]);
    if (count == 0)
        return bytes_new(0, err);
    if (!archive_open(&archive))
        return error_no_memory(err), NULL;
    return archive_close(&archive, put_additions(&archive, initrd, additions, true), err);
}

static struct bytes *join(const struct initrd *initrd, const struct bytes *packed,
                          const struct bytes *last, struct error *err)
{
    size_t leading = (initrd->leading_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct bytes *file = bytes_new(leading + packed->size + last->size, err);

    if (file == NULL)
        return NULL;
    memcpy(file->data, initrd->file->data, initrd->leading_bytes);
    if (packed->size > 0)
        memcpy(file->data + leading, packed->data, packed->size);
    memcpy(file->data + leading + packed->size, last->data, last->size);
    return file;
}

struct bytes *initrd_write(const struct initrd *initrd, const struct initrd_additions *additions,
                           const char *const *dropped, size_t dropped_count, struct error *err)
{
    struct archive archive;

    if (!archive_open(&archive))
        return error_no_memory(err), NULL;
    bool ok = put_members(&archive, initrd, additions, dropped, dropped_count) &&
              put_additions(&archive, initrd, additions, false);
    OWNED(bytes) plain = archive_close(&archive, ok, err);
    OWNED(bytes) packed = plain == NULL ? NULL : write_packed(initrd, additions, err);
    OWNED(bytes) last = packed == NULL ? NULL : initrd_pack(initrd->compression, plain, err);
    return last == NULL ? NULL : join(initrd, packed, last, err);
}
