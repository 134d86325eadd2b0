/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the guest, through the appliance. */
#include <string.h>

#include "guest/appliance.h"

struct bytes *guest_read(struct appliance *appliance, const char *path, size_t limit_bytes,
                         struct error *err)
{
    guestfs_h *g = appliance->g;
    int64_t size = guestfs_filesize(g, path);
    size_t read_size = 0;

    if (size < 0)
        return appliance_error(appliance, err, "%s", path), NULL;
    if ((uint64_t)size > limit_bytes)
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s has %lld bytes", path, (long long)size), NULL;
    OWNED_PTR(char) data = guestfs_read_file(g, path, &read_size);
    if (data == NULL)
        return appliance_error(appliance, err, "read %s", path), NULL;
    return bytes_copy(data, read_size, err);
}

char *guest_read_text(struct appliance *appliance, const char *path, size_t limit_bytes,
                      struct error *err)
{
    OWNED_TEXT text = {0};

    if (guest_has_file(appliance, path)) {
        OWNED(bytes) bytes = guest_read(appliance, path, limit_bytes, err);
        if (bytes == NULL)
            return NULL;
        if (memchr(bytes->data, 0, bytes->size) != NULL)
            return error_set(err, COLDSEAL_BAD_IMAGE, "%s is not text", path), NULL;
        text_add_bytes(&text, bytes->data, bytes->size);
    }
    return text_take(&text, err);
}

bool guest_remove(struct appliance *appliance, const char *path, struct error *err)
{
    return guestfs_rm_f(appliance->g, path) == 0 ||
           appliance_error(appliance, err, "remove %s", path);
}

bool guest_write(struct appliance *appliance, const char *path, const void *data, size_t size,
                 int mode, struct error *err)
{
    guestfs_h *g = appliance->g;

    /* a link to another file would be followed */
    if (!guest_remove(appliance, path, err))
        return false;
    if (guestfs_write(g, path, data, size) != 0 ||
        (mode != GUEST_MODE_FAT && guestfs_chmod(g, mode, path) != 0))
        return appliance_error(appliance, err, "write %s", path);
    return true;
}

bool guest_upload(struct appliance *appliance, const char *local, const char *path, int mode,
                  struct error *err)
{
    guestfs_h *g = appliance->g;

    if (access(local, R_OK) != 0)
        return error_errno(err, COLDSEAL_IO, "%s", local);
    if (!guest_remove(appliance, path, err))
        return false;
    if (guestfs_upload(g, local, path) != 0 || guestfs_chmod(g, mode, path) != 0)
        return appliance_error(appliance, err, "copy %s to the guest", local);
    return true;
}

bool guest_has_file(struct appliance *appliance, const char *path)
{
    return guestfs_is_file_opts(appliance->g, path, GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS, 1, -1) ==
           1;
}

bool guest_has_folder(struct appliance *appliance, const char *path)
{
    return guestfs_is_dir_opts(appliance->g, path, GUESTFS_IS_DIR_OPTS_FOLLOWSYMLINKS, 1, -1) == 1;
}

bool guest_make_folder(struct appliance *appliance, const char *path, struct error *err)
{
    return guestfs_mkdir_p(appliance->g, path) == 0 ||
           appliance_error(appliance, err, "make %s", path);
}

static void free_strings(char **strings)
{
    for (size_t i = 0; strings[i] != NULL; i++)
        free(strings[i]);
    free(strings);
}

bool guest_list(struct appliance *appliance, const char *path, struct lines *names,
                struct error *err)
{
    bool ok = true;

    if (!guest_has_folder(appliance, path))
        return true;
    char **found = guestfs_ls(appliance->g, path);
    if (found == NULL)
        return appliance_error(appliance, err, "list %s", path);
    for (size_t i = 0; ok && found[i] != NULL; i++)
        ok = lines_add(names, err, "%s", found[i]);
    free_strings(found);
    return ok;
}

char *guest_run(struct appliance *appliance, const char *const *argv, struct error *err)
{
    char *output = guestfs_command(appliance->g, (char *const *)(uintptr_t)argv);

    if (output == NULL)
        appliance_error(appliance, err, "run %s in the guest", argv[0]);
    return output;
}
