/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's files and programs, through the appliance. */
#include <stddef.h>

#include "guest/appliance.h"

static struct appliance *appliance_of(struct guest_root *guest)
{
    return (struct appliance *)((char *)guest - offsetof(struct appliance, root));
}

static struct bytes *read_file(struct guest_root *guest, const char *path, size_t limit_bytes,
                               struct error *err)
{
    struct appliance *appliance = appliance_of(guest);
    int64_t size = guestfs_filesize(appliance->g, path);
    size_t read_size = 0;

    if (size < 0)
        return appliance_error(appliance, err, "%s", path), NULL;
    if ((uint64_t)size > limit_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s has %lld bytes", path, (long long)size), NULL;
    OWNED_PTR(char) data = guestfs_read_file(appliance->g, path, &read_size);
    if (data == NULL)
        return appliance_error(appliance, err, "read %s", path), NULL;
    return bytes_copy(data, read_size, err);
}

static bool remove_file(struct guest_root *guest, const char *path, struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    return guestfs_rm_f(appliance->g, path) == 0 ||
           appliance_error(appliance, err, "remove %s", path);
}

static bool remove_tree(struct guest_root *guest, const char *path, struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    return guestfs_rm_rf(appliance->g, path) == 0 ||
           appliance_error(appliance, err, "remove %s", path);
}

static bool write_file(struct guest_root *guest, const char *path, const void *data, size_t size,
                       int mode, struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    /* a link to another file would be followed */
    if (!remove_file(guest, path, err))
        return false;
    if (guestfs_write(appliance->g, path, data, size) != 0 ||
        (mode != GUEST_MODE_FAT && guestfs_chmod(appliance->g, mode, path) != 0))
        return appliance_error(appliance, err, "write %s", path);
    return true;
}

static bool upload(struct guest_root *guest, const char *local, const char *path, int mode,
                   struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    if (access(local, R_OK) != 0)
        return error_errno(err, COLDSEAL_IO, "%s", local);
    if (!remove_file(guest, path, err))
        return false;
    if (guestfs_upload(appliance->g, local, path) != 0 ||
        guestfs_chmod(appliance->g, mode, path) != 0)
        return appliance_error(appliance, err, "copy %s to the guest", local);
    return true;
}

static bool copy_file(struct guest_root *guest, const char *from, const char *to, struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    return guestfs_cp(appliance->g, from, to) == 0 ||
           appliance_error(appliance, err, "copy %s to %s", from, to);
}

static bool make_link(struct guest_root *guest, const char *target, const char *path,
                      struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    return guestfs_ln_sf(appliance->g, target, path) == 0 ||
           appliance_error(appliance, err, "link %s", path);
}

static bool has_file(struct guest_root *guest, const char *path)
{
    return guestfs_is_file_opts(appliance_of(guest)->g, path, GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS,
                                1, -1) == 1;
}

static bool has_folder(struct guest_root *guest, const char *path)
{
    return guestfs_is_dir_opts(appliance_of(guest)->g, path, GUESTFS_IS_DIR_OPTS_FOLLOWSYMLINKS, 1,
                               -1) == 1;
}

static bool make_folder(struct guest_root *guest, const char *path, struct error *err)
{
    struct appliance *appliance = appliance_of(guest);

    return guestfs_mkdir_p(appliance->g, path) == 0 ||
           appliance_error(appliance, err, "make %s", path);
}

static void free_strings(char **strings)
{
    for (size_t i = 0; strings[i] != NULL; i++)
        free(strings[i]);
    free(strings);
}

static bool list_folder(struct guest_root *guest, const char *path, struct lines *names,
                        struct error *err)
{
    struct appliance *appliance = appliance_of(guest);
    bool ok = true;

    char **found = guestfs_ls(appliance->g, path);
    if (found == NULL)
        return appliance_error(appliance, err, "list %s", path);
    for (size_t i = 0; ok && found[i] != NULL; i++)
        ok = lines_add(names, err, "%s", found[i]);
    free_strings(found);
    return ok;
}

static char *run_program(struct guest_root *guest, const char *const *argv, struct error *err)
{
    struct appliance *appliance = appliance_of(guest);
    char *output = guestfs_command(appliance->g, (char *const *)(uintptr_t)argv);

    if (output == NULL)
        appliance_error(appliance, err, "run %s in the guest", argv[0]);
    return output;
}

const struct guest_root_ops appliance_ops = {
    .read = read_file,
    .write = write_file,
    .upload = upload,
    .copy = copy_file,
    .link = make_link,
    .remove = remove_file,
    .remove_tree = remove_tree,
    .has_file = has_file,
    .has_folder = has_folder,
    .make_folder = make_folder,
    .list = list_folder,
    .run = run_program,
};
