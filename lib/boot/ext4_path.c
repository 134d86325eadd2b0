/* SPDX-License-Identifier: Apache-2.0 */
/* Where a path leads once its links are followed. */
#include <et/com_err.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "boot/ext4_volume.h"

#define LINK_LIMIT 40 /* as Linux, path_resolution(7) */
#define BUDGET_BYTES ((uint64_t)64 << 20)

struct resolving {
    ext2_filsys fs;
    char done[PATH_MAX]; /* without links; empty for the root */
    char rest[PATH_MAX];
    int links_left;
};

static errcode_t read_link(ext2_filsys fs, ext2_ino_t number, struct ext2_inode *inode,
                           char target[PATH_MAX])
{
    size_t size = EXT2_I_SIZE(inode);
    ext2_file_t file;
    unsigned got = 0;

    if (size == 0 || size >= PATH_MAX)
        return EXT2_ET_SYMLINK_LOOP;
    target[size] = '\0';
    if (ext2fs_is_fast_symlink(inode)) {
        if (size >= sizeof(inode->i_block))
            return EXT2_ET_SYMLINK_LOOP;
        memcpy(target, inode->i_block, size);
        return 0;
    }
    errcode_t code = ext2fs_file_open(fs, number, 0, &file);
    if (code != 0)
        return code;
    code = ext2fs_file_read(file, target, (unsigned)size, &got);
    ext2fs_file_close(file);
    return code == 0 && got != size ? EXT2_ET_SHORT_READ : code;
}

/* Its target comes in front of what is left of the path. */
static errcode_t follow(struct resolving *r, ext2_ino_t number, struct ext2_inode *inode)
{
    char target[PATH_MAX];
    char rest[PATH_MAX];

    if (r->links_left-- == 0)
        return EXT2_ET_SYMLINK_LOOP;
    errcode_t code = read_link(r->fs, number, inode, target);
    if (code != 0)
        return code;
    if (target[0] == '/')
        r->done[0] = '\0';
    if (snprintf(rest, sizeof(rest), "%s/%s", target, r->rest) >= (int)sizeof(rest))
        return EXT2_ET_SYMLINK_LOOP;
    memcpy(r->rest, rest, sizeof(rest));
    return 0;
}

static errcode_t step(struct resolving *r, const char *name)
{
    char path[PATH_MAX];
    struct ext2_inode inode;
    ext2_ino_t number;

    if (snprintf(path, sizeof(path), "%s/%s", r->done, name) >= (int)sizeof(path))
        return EXT2_ET_FILE_NOT_FOUND;
    errcode_t code = ext2fs_namei(r->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &number);
    if (code == 0)
        code = ext2fs_read_inode(r->fs, number, &inode);
    if (code != 0)
        return code;
    if (LINUX_S_ISLNK(inode.i_mode))
        return follow(r, number, &inode);
    memcpy(r->done, path, sizeof(path));
    return 0;
}

/* The next name goes out of `rest`; false at the end. */
static bool take_name(struct resolving *r, char name[PATH_MAX])
{
    const char *start = r->rest + strspn(r->rest, "/");
    size_t length = strcspn(start, "/");

    if (length == 0)
        return false;
    memcpy(name, start, length);
    name[length] = '\0';
    memmove(r->rest, start + length, strlen(start + length) + 1);
    return true;
}

static errcode_t resolve(struct resolving *r)
{
    char name[PATH_MAX];
    errcode_t code = 0;

    while (code == 0 && take_name(r, name)) {
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0)
            *(r->done[0] == '\0' ? r->done : strrchr(r->done, '/')) = '\0';
        else
            code = step(r, name);
    }
    return code;
}

char *ext4_real_path(struct ext4 *ext4, const char *path, struct error *err)
{
    OWNED_PTR(struct resolving) r = calloc(1, sizeof(*r));

    if (r == NULL)
        return error_no_memory(err), NULL;
    r->fs = ext4->fs;
    r->links_left = LINK_LIMIT;
    ext4->io.budget_bytes = BUDGET_BYTES;
    errcode_t code = snprintf(r->rest, sizeof(r->rest), "%s", path) < (int)sizeof(r->rest)
                         ? resolve(r)
                         : EXT2_ET_FILE_NOT_FOUND;
    if (code != 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: %s", path, error_message(code)), NULL;
    char *real = strdup(r->done[0] == '\0' ? "/" : r->done);
    if (real == NULL)
        error_no_memory(err);
    return real;
}
