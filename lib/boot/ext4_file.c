/* SPDX-License-Identifier: Apache-2.0 */
/* Files of an ext4 volume by path. */
#include <et/com_err.h>
#include <string.h>

#include "boot/ext4_volume.h"
#include "core/checked.h"

/* For the directories on the way to a file. */
#define LOOKUP_BUDGET_BYTES ((uint64_t)64 << 20)
#define PIECE_BYTES ((size_t)256 << 10)

static bool read_failed(const char *path, errcode_t code, struct error *err)
{
    if (code == EXT2_ET_NO_MEMORY)
        return error_no_memory(err);
    return error_set(err, COLDSEAL_BAD_IMAGE, "%s: %s", path, error_message(code));
}

static bool is_absence(errcode_t code)
{
    return code == EXT2_ET_FILE_NOT_FOUND || code == EXT2_ET_NO_DIRECTORY ||
           code == EXT2_ET_SYMLINK_LOOP;
}

static errcode_t find_entry(struct ext4 *ext4, const char *path, struct ext4_entry *entry)
{
    struct ext2_inode inode;

    *entry = (struct ext4_entry){0};
    ext4->io.budget_bytes = LOOKUP_BUDGET_BYTES;
    errcode_t code =
        ext2fs_namei_follow(ext4->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &entry->inode);
    if (code == 0)
        code = ext2fs_read_inode(ext4->fs, entry->inode, &inode);
    if (code != 0)
        return code;
    entry->is_regular = LINUX_S_ISREG(inode.i_mode);
    entry->is_directory = LINUX_S_ISDIR(inode.i_mode);
    entry->size_bytes = EXT2_I_SIZE(&inode);
    entry->mode = inode.i_mode;
    entry->modified = inode.i_mtime;
    return 0;
}

bool ext4_lookup(struct ext4 *ext4, const char *path, struct ext4_entry *entry, bool *found,
                 struct error *err)
{
    errcode_t code = find_entry(ext4, path, entry);

    *found = code == 0;
    return *found || is_absence(code) || read_failed(path, code, err);
}

static bool find_file(struct ext4 *ext4, const char *path, struct ext4_entry *entry,
                      struct error *err)
{
    errcode_t code = find_entry(ext4, path, entry);

    if (code != 0)
        return read_failed(path, code, err);
    if (!entry->is_regular)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: not a regular file", path);
    /* Each block is read once, and the blocks of its extent tree are less than a tenth of them. */
    uint64_t twice;
    if (!checked_mul(entry->size_bytes, 2, &twice) ||
        !checked_add(twice, LOOKUP_BUDGET_BYTES, &ext4->io.budget_bytes))
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: larger than any disk", path);
    return true;
}

static errcode_t read_piece(ext2_file_t file, uint8_t *data, size_t size)
{
    size_t done = 0;
    unsigned got = 0;

    while (done < size) {
        errcode_t code = ext2fs_file_read(file, data + done, (unsigned)(size - done), &got);
        if (code != 0)
            return code;
        if (got == 0)
            return EXT2_ET_SHORT_READ;
        done += got;
    }
    return 0;
}

static errcode_t read_content(struct ext4 *ext4, ext2_ino_t inode, struct bytes *bytes)
{
    ext2_file_t file;
    size_t done = 0;
    errcode_t code = ext2fs_file_open(ext4->fs, inode, 0, &file);

    if (code != 0)
        return code;
    while (code == 0 && done < bytes->size) {
        size_t size = (size_t)min_u64(bytes->size - done, PIECE_BYTES);
        code = read_piece(file, bytes->data + done, size);
        done += size;
    }
    ext2fs_file_close(file);
    return code;
}

struct bytes *ext4_read_file(struct ext4 *ext4, const char *path, size_t limit_bytes,
                             struct error *err)
{
    struct ext4_entry entry;

    if (!find_file(ext4, path, &entry, err))
        return NULL;
    if (entry.size_bytes > limit_bytes) {
        error_set(err, COLDSEAL_BAD_IMAGE, "%s: %llu bytes, more than the %zu expected", path,
                  (unsigned long long)entry.size_bytes, limit_bytes);
        return NULL;
    }
    OWNED(bytes) bytes = bytes_new((size_t)entry.size_bytes, err);
    if (bytes == NULL)
        return NULL;
    errcode_t code = read_content(ext4, entry.inode, bytes);
    return code == 0 ? TAKE(bytes) : (read_failed(path, code, err), NULL);
}

static bool feed_content(ext2_file_t file, const char *path, uint64_t size_bytes,
                         struct digest_set_stream *stream, struct error *err)
{
    OWNED(bytes) piece = bytes_new(PIECE_BYTES, err);

    if (piece == NULL)
        return false;
    for (uint64_t left = size_bytes; left > 0;) {
        size_t size = (size_t)min_u64(left, PIECE_BYTES);
        errcode_t code = read_piece(file, piece->data, size);
        if (code != 0)
            return read_failed(path, code, err);
        if (!digest_set_stream_update(stream, piece->data, size, err))
            return false;
        left -= size;
    }
    return true;
}

bool ext4_feed_file(struct ext4 *ext4, const char *path, struct digest_set_stream *stream,
                    struct error *err)
{
    struct ext4_entry entry;
    ext2_file_t file;

    if (!find_file(ext4, path, &entry, err))
        return false;
    errcode_t code = ext2fs_file_open(ext4->fs, entry.inode, 0, &file);
    if (code != 0)
        return read_failed(path, code, err);
    bool ok = feed_content(file, path, entry.size_bytes, stream, err);
    ext2fs_file_close(file);
    return ok;
}

struct listing {
    bool (*each)(void *context, const char *name);
    void *context;
};

static int list_entry(struct ext2_dir_entry *dirent, int offset, int blocksize, char *buf,
                      void *private)
{
    const struct listing *listing = private;
    char name[EXT2_NAME_LEN + 1];
    int length = ext2fs_dirent_name_len(dirent);

    (void)offset;
    (void)blocksize;
    (void)buf;
    memcpy(name, dirent->name, (size_t)length);
    name[length] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    return listing->each(listing->context, name) ? 0 : DIRENT_ABORT;
}

bool ext4_list(struct ext4 *ext4, const char *path, bool (*each)(void *context, const char *name),
               void *context, struct error *err)
{
    struct listing listing = {each, context};
    struct ext4_entry entry;
    errcode_t code = find_entry(ext4, path, &entry);

    if (code == 0)
        code = ext2fs_dir_iterate(ext4->fs, entry.inode, 0, NULL, list_entry, &listing);
    return code == 0 || read_failed(path, code, err);
}
