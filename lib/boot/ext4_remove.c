/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/ext4_remove.h"

#include <string.h>
#include <time.h>

#define DEPTH_LIMIT 32
#define ENTRY_LIMIT 100000

/* Names of a folder, one after the other, each with its NUL. */
struct names {
    char *text;
    size_t size;
    size_t count;
    bool failed;
};

static int add_name(struct ext2_dir_entry *entry, int offset, int blocksize, char *buf,
                    void *context)
{
    struct names *names = context;
    size_t length = (size_t)ext2fs_dirent_name_len(entry);

    (void)offset;
    (void)blocksize;
    (void)buf;
    if ((length == 1 && entry->name[0] == '.') ||
        (length == 2 && memcmp(entry->name, "..", 2) == 0))
        return 0;
    char *text = realloc(names->text, names->size + length + 1);
    names->failed = text == NULL || names->count == ENTRY_LIMIT || length == 0 ||
                    memchr(entry->name, 0, length) != NULL;
    if (text != NULL)
        names->text = text;
    if (names->failed)
        return DIRENT_ABORT;
    memcpy(text + names->size, entry->name, length);
    text[names->size + length] = '\0';
    names->size += length + 1;
    names->count++;
    return 0;
}

static errcode_t remove_at_depth(struct ext4 *ext4, ext2_ino_t parent, const char *name,
                                 int depth_left);

static errcode_t remove_content(struct ext4 *ext4, ext2_ino_t folder, int depth_left)
{
    struct names names = {0};

    errcode_t code = ext2fs_dir_iterate(ext4->fs, folder, 0, NULL, add_name, &names);
    if (code == 0 && names.failed)
        code = EXT2_ET_DIR_CORRUPTED;
    for (size_t at = 0; code == 0 && at < names.size; at += strlen(names.text + at) + 1)
        code = remove_at_depth(ext4, folder, names.text + at, depth_left - 1);
    free(names.text);
    return code;
}

/* A count of 1 is of a folder with more of them than the field holds (ext4's dir_nlink). */
static errcode_t forget_subfolder(ext2_filsys fs, ext2_ino_t parent)
{
    struct ext2_inode inode;
    errcode_t code = ext2fs_read_inode(fs, parent, &inode);

    if (code != 0 || inode.i_links_count <= 1)
        return code;
    inode.i_links_count--;
    return ext2fs_write_inode(fs, parent, &inode);
}

static errcode_t release_blocks(ext2_filsys fs, ext2_ino_t number, struct ext2_inode_large *large)
{
    struct ext2_inode *inode = (struct ext2_inode *)large;
    errcode_t code = 0;

    if (ext2fs_file_acl_block(fs, inode) != 0)
        code = ext2fs_free_ext_attr(fs, number, large);
    if (code == 0 && ext2fs_inode_has_valid_blocks2(fs, inode))
        code = ext2fs_punch(fs, number, inode, NULL, 0, ~(blk64_t)0);
    return code;
}

static errcode_t release_inode(ext2_filsys fs, ext2_ino_t number, struct ext2_inode_large *large,
                               bool is_folder)
{
    errcode_t code = 0;
    bool is_last = is_folder || large->i_links_count <= 1;

    large->i_links_count = is_last ? 0 : (uint16_t)(large->i_links_count - 1);
    if (is_last) {
        code = release_blocks(fs, number, large);
        large->i_dtime = (uint32_t)time(NULL);
    }
    if (code == 0)
        code = ext2fs_write_inode_full(fs, number, (struct ext2_inode *)large, sizeof(*large));
    if (code == 0 && is_last)
        ext2fs_inode_alloc_stats2(fs, number, -1, is_folder);
    return code;
}

static errcode_t remove_at_depth(struct ext4 *ext4, ext2_ino_t parent, const char *name,
                                 int depth_left)
{
    ext2_filsys fs = ext4->fs;
    struct ext2_inode_large large = {0};
    ext2_ino_t number;

    errcode_t code = ext2fs_lookup(fs, parent, name, (int)strlen(name), NULL, &number);
    if (code == 0)
        code = ext2fs_read_inode_full(fs, number, (struct ext2_inode *)&large, sizeof(large));
    if (code != 0)
        return code;
    bool is_folder = LINUX_S_ISDIR(large.i_mode);
    if (is_folder && depth_left == 0)
        return EXT2_ET_DIR_EXISTS;
    if (is_folder)
        code = remove_content(ext4, number, depth_left);
    if (code == 0)
        code = ext2fs_unlink(fs, parent, name, 0, 0);
    if (code == 0 && is_folder)
        code = forget_subfolder(fs, parent);
    return code == 0 ? release_inode(fs, number, &large, is_folder) : code;
}

errcode_t ext4_remove_entry(struct ext4 *ext4, ext2_ino_t parent, const char *name, bool is_tree)
{
    return remove_at_depth(ext4, parent, name, is_tree ? DEPTH_LIMIT : 0);
}
