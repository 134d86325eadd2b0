/* SPDX-License-Identifier: Apache-2.0 */
#include "folder_root.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/outfile.h"

static const char *inside(struct guest_root *guest, const char *path, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s%s", ((struct folder_root *)guest)->folder, path);
    return out;
}

static bool has(struct guest_root *guest, const char *path, mode_t type)
{
    char out[PATH_MAX];
    struct stat there;

    return stat(inside(guest, path, out), &there) == 0 && (there.st_mode & S_IFMT) == type;
}

static bool has_file(struct guest_root *guest, const char *path)
{
    return has(guest, path, S_IFREG);
}

static bool has_folder(struct guest_root *guest, const char *path)
{
    return has(guest, path, S_IFDIR);
}

static struct bytes *read_file(struct guest_root *guest, const char *path, size_t limit_bytes,
                               struct error *err)
{
    char out[PATH_MAX];

    return bytes_read_file(inside(guest, path, out), limit_bytes, err);
}

static bool remove_file(struct guest_root *guest, const char *path, struct error *err)
{
    char out[PATH_MAX];

    return unlink(inside(guest, path, out)) == 0 || errno == ENOENT ||
           error_errno(err, COLDSEAL_IO, "%s", path);
}

static bool run(const char *command, const char *path, struct error *err)
{
    char line[2 * PATH_MAX];

    snprintf(line, sizeof(line), "%s '%s'", command, path);
    return system(line) == 0 || error_set(err, COLDSEAL_IO, "%s", line);
}

static bool remove_tree(struct guest_root *guest, const char *path, struct error *err)
{
    char out[PATH_MAX];

    return run("rm -rf --", inside(guest, path, out), err);
}

static bool make_folder(struct guest_root *guest, const char *path, struct error *err)
{
    char out[PATH_MAX];

    return run("mkdir -p --", inside(guest, path, out), err);
}

static bool write_file(struct guest_root *guest, const char *path, const void *data, size_t size,
                       int mode, struct error *err)
{
    char out[PATH_MAX];

    return remove_file(guest, path, err) &&
           outfile_write(inside(guest, path, out), data, size, (mode_t)mode, true, err);
}

static bool make_link(struct guest_root *guest, const char *target, const char *path,
                      struct error *err)
{
    char out[PATH_MAX];

    return remove_file(guest, path, err) && (symlink(target, inside(guest, path, out)) == 0 ||
                                             error_errno(err, COLDSEAL_IO, "%s", path));
}

static int is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool list_folder(struct guest_root *guest, const char *path, struct lines *names,
                        struct error *err)
{
    char out[PATH_MAX];
    struct dirent **found = NULL;
    int count = scandir(inside(guest, path, out), &found, is_name, alphasort);
    bool ok = count >= 0;

    for (int i = 0; i < count; i++) {
        ok = ok && lines_add(names, err, "%s", found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return ok;
}

static const struct guest_root_ops folder_ops = {
    .read = read_file,
    .write = write_file,
    .link = make_link,
    .remove = remove_file,
    .remove_tree = remove_tree,
    .has_file = has_file,
    .has_folder = has_folder,
    .make_folder = make_folder,
    .list = list_folder,
};

struct folder_root folder_root(const char *folder)
{
    return (struct folder_root){{&folder_ops}, folder};
}
