/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ext4_edit.h"

#include <et/com_err.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/ext4_remove.h"

/* For the directories and bitmaps of one change. */
#define EDIT_BUDGET_BYTES ((uint64_t)256 << 20)
#define NAME_LIMIT EXT2_NAME_LEN

static bool edit_failed(const char *path, errcode_t code, struct error *err)
{
    bool no_room = code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL ||
                   code == EXT2_ET_DIR_NO_SPACE;

    if (code == 0)
        return true;
    if (code == EXT2_ET_NO_MEMORY)
        return error_no_memory(err);
    return error_set(err, no_room ? COLDSEAL_UNSUPPORTED : COLDSEAL_BAD_IMAGE, "%s: %s", path,
                     error_message(code));
}

/* Where an entry is, or will be. */
struct place {
    ext2_ino_t parent;
    const char *name; /* the path's last part */
};

static errcode_t find_place(struct ext4 *ext4, const char *path, struct place *place)
{
    const char *slash = strrchr(path, '/');

    ext4->io.budget_bytes = EDIT_BUDGET_BYTES;
    place->name = slash == NULL ? path : slash + 1;
    size_t length = strlen(place->name);
    if (slash == NULL || length == 0 || length > NAME_LIMIT || strcmp(place->name, "..") == 0 ||
        strcmp(place->name, ".") == 0)
        return EXT2_ET_FILE_NOT_FOUND;
    OWNED_PTR(char) folder = strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return EXT2_ET_NO_MEMORY;
    return ext2fs_namei_follow(ext4->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, folder, &place->parent);
}

static errcode_t remove_at(struct ext4 *ext4, const struct place *place, bool is_tree)
{
    errcode_t code = ext4_remove_entry(ext4, place->parent, place->name, is_tree);

    return code == EXT2_ET_FILE_NOT_FOUND ? 0 : code;
}

static errcode_t link_inode(ext2_filsys fs, const struct place *place, ext2_ino_t number)
{
    errcode_t code = ext2fs_link(fs, place->parent, place->name, number, EXT2_FT_REG_FILE);

    if (code != EXT2_ET_DIR_NO_SPACE)
        return code;
    code = ext2fs_expand_dir(fs, place->parent);
    return code != 0 ? code : ext2fs_link(fs, place->parent, place->name, number, EXT2_FT_REG_FILE);
}

static errcode_t new_inode(ext2_filsys fs, const struct place *place, int mode, size_t size,
                           ext2_ino_t *number)
{
    struct ext2_inode inode = {.i_mode = (uint16_t)(LINUX_S_IFREG | (mode & 07777)),
                               .i_links_count = 1};
    ext2_extent_handle_t handle;

    errcode_t code =
        ext2fs_new_inode(fs, place->parent, LINUX_S_IFREG | (mode & 07777), NULL, number);
    if (code == 0 && ext2fs_has_feature_extents(fs->super)) {
        inode.i_flags |= EXT4_EXTENTS_FL;
        /* makes the root of the tree in the inode */
        code = ext2fs_extent_open2(fs, *number, &inode, &handle);
        if (code == 0)
            ext2fs_extent_free(handle);
    }
    if (code == 0)
        code = ext2fs_inode_size_set(fs, &inode, (ext2_off64_t)size);
    if (code == 0)
        code = ext2fs_write_new_inode(fs, *number, &inode);
    if (code == 0)
        ext2fs_inode_alloc_stats2(fs, *number, +1, 0);
    return code == 0 ? link_inode(fs, place, *number) : code;
}

/* Blocks are allocated together first, so that they are neighbours where there is room for it. */
static errcode_t fill_inode(ext2_filsys fs, ext2_ino_t number, const uint8_t *data, size_t size)
{
    uint64_t blocks = ((uint64_t)size + fs->blocksize - 1) / fs->blocksize;
    ext2_file_t file;
    size_t done = 0;

    errcode_t code = blocks == 0 ? 0
                                 : ext2fs_fallocate(fs, EXT2_FALLOCATE_FORCE_INIT, number, NULL,
                                                    ~(blk64_t)0, 0, blocks);
    if (code == 0)
        code = ext2fs_file_open(fs, number, EXT2_FILE_WRITE, &file);
    if (code != 0)
        return code;
    while (code == 0 && done < size) {
        unsigned written = 0;
        code = ext2fs_file_write(file, data + done, (unsigned)(size - done), &written);
        done += written;
    }
    errcode_t closed = ext2fs_file_close(file);
    return code != 0 ? code : closed;
}

bool ext4_write_file(struct ext4 *ext4, const char *path, const void *data, size_t size, int mode,
                     struct error *err)
{
    struct place place;
    ext2_ino_t number;
    errcode_t code = find_place(ext4, path, &place);

    if (code == 0)
        code = remove_at(ext4, &place, false);
    ext4->io.budget_bytes += size;
    if (code == 0)
        code = new_inode(ext4->fs, &place, mode, size, &number);
    if (code == 0)
        code = fill_inode(ext4->fs, number, data, size);
    return edit_failed(path, code, err);
}

bool ext4_make_link(struct ext4 *ext4, const char *target, const char *path, struct error *err)
{
    struct place place;
    errcode_t code = find_place(ext4, path, &place);

    if (code == 0)
        code = remove_at(ext4, &place, false);
    if (code == 0)
        code = ext2fs_symlink(ext4->fs, place.parent, 0, place.name, target);
    if (code == EXT2_ET_DIR_NO_SPACE && (code = ext2fs_expand_dir(ext4->fs, place.parent)) == 0)
        code = ext2fs_symlink(ext4->fs, place.parent, 0, place.name, target);
    return edit_failed(path, code, err);
}

static bool make_one_folder(struct ext4 *ext4, const char *path, struct error *err)
{
    struct place place;
    struct ext4_entry entry;
    bool found;

    if (!ext4_lookup(ext4, path, &entry, &found, err))
        return false;
    if (found)
        return entry.is_directory || error_set(err, COLDSEAL_UNSUPPORTED, "%s: is no folder", path);
    errcode_t code = find_place(ext4, path, &place);
    if (code == 0)
        code = ext2fs_mkdir(ext4->fs, place.parent, 0, place.name);
    if (code == EXT2_ET_DIR_NO_SPACE && (code = ext2fs_expand_dir(ext4->fs, place.parent)) == 0)
        code = ext2fs_mkdir(ext4->fs, place.parent, 0, place.name);
    return edit_failed(path, code, err);
}

bool ext4_make_folder(struct ext4 *ext4, const char *path, struct error *err)
{
    for (const char *end = strchrnul(path + 1, '/');; end = strchrnul(end + 1, '/')) {
        OWNED_PTR(char) part = strndup(path, (size_t)(end - path));
        if (part == NULL)
            return error_no_memory(err);
        if (!make_one_folder(ext4, part, err))
            return false;
        if (*end == '\0')
            return true;
    }
}

static bool remove_path(struct ext4 *ext4, const char *path, bool is_tree, struct error *err)
{
    struct place place;
    errcode_t code = find_place(ext4, path, &place);

    if (code == 0)
        code = remove_at(ext4, &place, is_tree);
    return code == EXT2_ET_FILE_NOT_FOUND || edit_failed(path, code, err);
}

bool ext4_remove(struct ext4 *ext4, const char *path, struct error *err)
{
    return remove_path(ext4, path, false, err);
}

bool ext4_remove_tree(struct ext4 *ext4, const char *path, struct error *err)
{
    return remove_path(ext4, path, true, err);
}

bool ext4_commit(struct ext4 *ext4, struct error *err)
{
    return edit_failed("ext4", ext2fs_flush(ext4->fs), err);
}
