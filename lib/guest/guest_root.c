/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/guest_root.h"

#include <string.h>

struct bytes *guest_read(struct guest_root *guest, const char *path, size_t limit_bytes,
                         struct error *err)
{
    return guest->ops->read(guest, path, limit_bytes, err);
}

char *guest_read_text(struct guest_root *guest, const char *path, size_t limit_bytes,
                      struct error *err)
{
    OWNED_TEXT text = {0};

    if (guest_has_file(guest, path)) {
        OWNED(bytes) bytes = guest_read(guest, path, limit_bytes, err);
        if (bytes == NULL)
            return NULL;
        if (memchr(bytes->data, 0, bytes->size) != NULL)
            return error_set(err, COLDSEAL_BAD_IMAGE, "%s is not text", path), NULL;
        text_add_bytes(&text, bytes->data, bytes->size);
    }
    return text_take(&text, err);
}

bool guest_write(struct guest_root *guest, const char *path, const void *data, size_t size,
                 int mode, struct error *err)
{
    return guest->ops->write(guest, path, data, size, mode, err);
}

bool guest_upload(struct guest_root *guest, const char *local, const char *path, int mode,
                  struct error *err)
{
    return guest->ops->upload(guest, local, path, mode, err);
}

bool guest_copy(struct guest_root *guest, const char *from, const char *to, struct error *err)
{
    return guest->ops->copy(guest, from, to, err);
}

bool guest_link(struct guest_root *guest, const char *target, const char *path, struct error *err)
{
    return guest->ops->link(guest, target, path, err);
}

bool guest_remove(struct guest_root *guest, const char *path, struct error *err)
{
    return guest->ops->remove(guest, path, err);
}

bool guest_remove_tree(struct guest_root *guest, const char *path, struct error *err)
{
    return guest->ops->remove_tree(guest, path, err);
}

bool guest_has_file(struct guest_root *guest, const char *path)
{
    return guest->ops->has_file(guest, path);
}

bool guest_has_folder(struct guest_root *guest, const char *path)
{
    return guest->ops->has_folder(guest, path);
}

bool guest_make_folder(struct guest_root *guest, const char *path, struct error *err)
{
    return guest->ops->make_folder(guest, path, err);
}

bool guest_list(struct guest_root *guest, const char *path, struct lines *names, struct error *err)
{
    return !guest_has_folder(guest, path) || guest->ops->list(guest, path, names, err);
}

bool guest_can_run(const struct guest_root *guest)
{
    return guest->ops->run != NULL;
}

char *guest_run(struct guest_root *guest, const char *const *argv, struct error *err)
{
    return guest->ops->run(guest, argv, err);
}
