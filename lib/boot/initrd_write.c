/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "boot/cpio.h"
#include "boot/initrd_pack.h"
#include "core/names.h"

#define ALIGNMENT 4

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
static bool put_parents(struct cpio *archive, const struct initrd *initrd,
                        const struct initrd_additions *additions, size_t i, struct error *err)
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
        if (folder == NULL)
            return error_no_memory(err);
        if (!cpio_put(archive, folder, S_IFDIR | 0755, NULL, 0, err))
            return false;
    }
    return true;
}

static bool put_additions(struct cpio *archive, const struct initrd *initrd,
                          const struct initrd_additions *additions, bool packed, struct error *err)
{
    for (size_t i = 0; i < additions->count; i++) {
        const struct initrd_addition *addition = &additions->items[i];
        if (is_packed(addition) == packed &&
            (!put_parents(archive, initrd, additions, i, err) ||
             !cpio_put(archive, addition->name, addition->mode, addition->data->data,
                       addition->data->size, err)))
            return false;
    }
    return true;
}

static bool put_members(struct cpio *archive, const struct initrd *initrd,
                        const struct initrd_additions *additions, const char *const *dropped,
                        size_t dropped_count, struct error *err)
{
    for (size_t i = 0; i < initrd->count; i++) {
        const struct initrd_member *member = &initrd->members[i];
        if (member->is_last && !initrd_has_addition(additions, member->name) &&
            !name_is_among(member->name, dropped, dropped_count) &&
            !cpio_put_raw(archive, member->raw, member->raw_size, err))
            return false;
    }
    return true;
}

static struct bytes *write_packed(const struct initrd *initrd,
                                  const struct initrd_additions *additions, struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < additions->count; i++)
        count += is_packed(&additions->items[i]);
    if (count == 0)
        return bytes_new(0, err);
    OWNED(cpio) archive = cpio_new_empty(INITRD_LIMIT_BYTES, err);
    return archive != NULL && put_additions(archive, initrd, additions, true, err)
               ? cpio_finish(archive, err)
               : NULL;
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
    OWNED(cpio) archive = cpio_new_empty(INITRD_LIMIT_BYTES, err);

    if (archive == NULL || !put_members(archive, initrd, additions, dropped, dropped_count, err) ||
        !put_additions(archive, initrd, additions, false, err))
        return NULL;
    OWNED(bytes) plain = cpio_finish(archive, err);
    OWNED(bytes) packed = plain == NULL ? NULL : write_packed(initrd, additions, err);
    OWNED(bytes) last = packed == NULL ? NULL : initrd_pack(initrd->compression, plain, err);
    return last == NULL ? NULL : join(initrd, packed, last, err);
}
