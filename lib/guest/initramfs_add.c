/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/initramfs_add.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/elf.h"
#include "guest/libraries.h"

#define FILE_LIMIT_BYTES ((size_t)256 << 20)
#define PATH_BYTES 512
#define LIBRARY_DEPTH_LIMIT 32
#define LINK_MODE (S_IFLNK | 0777)

bool initramfs_has(const struct initramfs_work *work, const char *name)
{
    return initrd_find(work->initrd, name) != NULL || initrd_has_addition(work->additions, name);
}

static bool add_content(const struct initramfs_work *work, const char *path, const char *name,
                        struct error *err)
{
    struct ext4_entry entry;
    bool found;

    if (!ext4_lookup(work->native->main, path, &entry, &found, err))
        return false;
    OWNED(bytes) data = ext4_read_file(work->native->main, path, FILE_LIMIT_BYTES, err);
    return data != NULL &&
           initrd_add(work->additions, name, S_IFREG | (entry.mode & 07777), TAKE(data), err);
}

/* Both are absolute. A link beside its target leads there by its name alone. */
static bool add_link(const struct initramfs_work *work, const char *name, const char *target,
                     struct error *err)
{
    const char *slash = strrchr(name, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - name);
    const char *last = strrchr(target, '/');
    bool is_beside =
        (size_t)(last - target) == folder + 1 && strncmp(target + 1, name, folder) == 0;
    const char *to = is_beside ? last + 1 : target;

    return initrd_add(work->additions, name, LINK_MODE, bytes_copy(to, strlen(to), err), err);
}

bool initramfs_add_file(const struct initramfs_work *work, const char *path, const char *name,
                        struct error *err)
{
    OWNED_PTR(char) real = ext4_real_path(work->native->main, path, err);

    if (real == NULL)
        return false;
    if (strcmp(real, path) == 0)
        return add_content(work, real, name, err);
    if (strcmp(real + 1, name) != 0 && !add_link(work, name, real, err))
        return false;
    return initramfs_has(work, real + 1) || add_content(work, real, real + 1, err);
}

static bool add_program(const struct initramfs_work *work, const char *path, const char *name,
                        int depth_left, struct error *err);

static bool add_libraries(const struct initramfs_work *work, const char *path, int depth_left,
                          struct error *err)
{
    char library[PATH_BYTES];
    OWNED(bytes) file = ext4_read_file(work->native->main, path, FILE_LIMIT_BYTES, err);

    if (file == NULL)
        return false;
    OWNED(elf) elf = elf_read(file, err);
    if (elf == NULL)
        return error_wrap(err, "%s", path);
    for (size_t i = 0; i < elf->needed.count; i++) {
        const char *soname = elf->needed.items[i];
        if (!library_find(&work->native->root, elf->machine, soname, library, sizeof(library)))
            return error_set(err, COLDSEAL_UNSUPPORTED, "%s needs %s, which is not in the guest",
                             path, soname);
        if (!add_program(work, library, library + 1, depth_left, err))
            return false;
    }
    return true;
}

static bool add_program(const struct initramfs_work *work, const char *path, const char *name,
                        int depth_left, struct error *err)
{
    if (initramfs_has(work, name))
        return true;
    if (depth_left == 0)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: libraries need too many others", path);
    return initramfs_add_file(work, path, name, err) &&
           add_libraries(work, path, depth_left - 1, err);
}

bool initramfs_add_program(const struct initramfs_work *work, const char *path, const char *name,
                           struct error *err)
{
    return add_program(work, path, name, LIBRARY_DEPTH_LIMIT, err);
}

bool initramfs_add_module(const struct initramfs_work *work, const char *name, struct error *err)
{
    OWNED(lines) paths = lines_new(err);
    char path[PATH_BYTES];

    if (paths == NULL || !kernel_modules_add(work->modules, name, paths, err))
        return false;
    for (size_t i = 0; i < paths->count; i++) {
        if (lines_contain(work->module_files, paths->items[i]))
            continue;
        if (snprintf(path, sizeof(path), "/usr/lib/modules/%s/%s", work->kernel, paths->items[i]) >=
            (int)sizeof(path))
            return error_set(err, COLDSEAL_BAD_IMAGE, "a module's path is too long");
        if (!lines_add(work->module_files, err, "%s", paths->items[i]) ||
            !initramfs_add_file(work, path, path + 1, err))
            return false;
    }
    return true;
}

bool initramfs_add_module_lists(const struct initramfs_work *work, struct error *err)
{
    char folder[PATH_BYTES];
    size_t length = (size_t)snprintf(folder, sizeof(folder), "usr/lib/modules/%s/", work->kernel);

    for (size_t i = 0; i < work->initrd->count; i++) {
        const struct initrd_member *member = &work->initrd->members[i];
        bool is_known;
        /* an archive may have a name many times, and each list is as long as the guest's */
        if (strncmp(member->name, folder, length) != 0 || !S_ISREG(member->mode) ||
            initrd_has_addition(work->additions, member->name))
            continue;
        struct bytes *list = kernel_modules_list(work->modules, work->module_files,
                                                 member->name + length, &is_known, err);
        if (list == NULL && is_known)
            return false;
        if (list != NULL && !initrd_add(work->additions, member->name, member->mode, list, err))
            return false;
    }
    return true;
}
