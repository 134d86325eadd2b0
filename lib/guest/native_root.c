/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/native_root.h"

#include <stddef.h>
#include <string.h>

#include "guest/initramfs_native.h"

#define FILE_LIMIT_BYTES ((size_t)512 << 20)
#define FAT_MODE 0644

struct native_root *native_root_of(struct guest_root *guest)
{
    return (struct native_root *)((char *)guest - offsetof(struct native_root, root));
}

/* What follows a mount point in a path; NULL where it is not below that. */
static const char *below(const char *path, const char *point)
{
    size_t length = strlen(point);

    if (strncmp(path, point, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return NULL;
    return path[length] == '\0' ? "/" : path + length;
}

struct native_place native_place_of(const struct native_root *native, const char *path)
{
    const char *in_esp = below(path, "/boot/efi");
    const char *in_boot = below(path, "/boot");

    if (in_esp != NULL)
        return (struct native_place){NULL, in_esp};
    return in_boot != NULL ? (struct native_place){native->boot, in_boot}
                           : (struct native_place){native->main, path};
}

static struct native_place find(struct guest_root *guest, const char *path)
{
    return native_place_of(native_root_of(guest), path);
}

static struct fat *esp_of(struct guest_root *guest)
{
    return native_root_of(guest)->esp;
}

static bool look_up(struct guest_root *guest, const char *path, bool *is_file, bool *is_folder)
{
    struct native_place place = find(guest, path);
    struct error err = {0};
    struct ext4_entry entry = {0};
    struct fat_entry fat_entry = {0};
    bool found;
    bool ok = place.ext4 != NULL ? ext4_lookup(place.ext4, place.path, &entry, &found, &err)
                                 : fat_lookup(esp_of(guest), place.path, &fat_entry, &found, &err);

    if (!ok && native_root_of(guest)->failure.message[0] == '\0')
        native_root_of(guest)->failure = err;
    *is_folder = ok && found && (entry.is_directory || fat_entry.is_directory);
    *is_file = ok && found && (place.ext4 != NULL ? entry.is_regular : !fat_entry.is_directory);
    return ok && found;
}

static bool has_file(struct guest_root *guest, const char *path)
{
    bool is_file, is_folder;

    return look_up(guest, path, &is_file, &is_folder) && is_file;
}

static bool has_folder(struct guest_root *guest, const char *path)
{
    bool is_file, is_folder;

    return look_up(guest, path, &is_file, &is_folder) && is_folder;
}

static struct bytes *read_file(struct guest_root *guest, const char *path, size_t limit_bytes,
                               struct error *err)
{
    struct native_place place = find(guest, path);

    return place.ext4 != NULL ? ext4_read_file(place.ext4, place.path, limit_bytes, err)
                              : fat_read_file(esp_of(guest), place.path, limit_bytes, err);
}

static bool write_file(struct guest_root *guest, const char *path, const void *data, size_t size,
                       int mode, struct error *err)
{
    struct native_place place = find(guest, path);

    if (place.ext4 == NULL)
        return fat_write_file(esp_of(guest), place.path, data, size, err);
    return ext4_write_file(place.ext4, place.path, data, size,
                           mode == GUEST_MODE_FAT ? FAT_MODE : mode, err);
}

static bool upload(struct guest_root *guest, const char *local, const char *path, int mode,
                   struct error *err)
{
    OWNED(bytes) bytes = bytes_read_file(local, FILE_LIMIT_BYTES, err);

    return bytes != NULL && write_file(guest, path, bytes->data, bytes->size, mode, err);
}

static bool copy_file(struct guest_root *guest, const char *from, const char *to, struct error *err)
{
    OWNED(bytes) bytes = read_file(guest, from, FILE_LIMIT_BYTES, err);

    return bytes != NULL && write_file(guest, to, bytes->data, bytes->size, GUEST_MODE_FAT, err);
}

static bool make_link(struct guest_root *guest, const char *target, const char *path,
                      struct error *err)
{
    struct native_place place = find(guest, path);

    if (place.ext4 == NULL)
        return error_set(err, COLDSEAL_BUG, "%s: no links on the ESP", path);
    return ext4_make_link(place.ext4, target, place.path, err);
}

static bool remove_file(struct guest_root *guest, const char *path, struct error *err)
{
    struct native_place place = find(guest, path);

    return place.ext4 != NULL ? ext4_remove(place.ext4, place.path, err)
                              : fat_remove(esp_of(guest), place.path, err);
}

static bool remove_tree(struct guest_root *guest, const char *path, struct error *err)
{
    struct native_place place = find(guest, path);

    return place.ext4 != NULL ? ext4_remove_tree(place.ext4, place.path, err)
                              : fat_remove(esp_of(guest), place.path, err);
}

static bool make_folder(struct guest_root *guest, const char *path, struct error *err)
{
    struct native_place place = find(guest, path);

    return place.ext4 != NULL ? ext4_make_folder(place.ext4, place.path, err)
                              : fat_make_folder(esp_of(guest), place.path, err);
}

struct listing {
    struct lines *names;
    struct error *err;
    bool ok;
};

static bool add_name(void *context, const char *name)
{
    struct listing *listing = context;

    listing->ok = lines_add(listing->names, listing->err, "%s", name);
    return listing->ok;
}

static bool add_entry(void *context, const struct fat_entry *entry)
{
    return add_name(context, entry->name);
}

static bool list_folder(struct guest_root *guest, const char *path, struct lines *names,
                        struct error *err)
{
    struct native_place place = find(guest, path);
    struct listing listing = {names, err, true};
    size_t before = names->count;
    bool ok = place.ext4 != NULL ? ext4_list(place.ext4, place.path, add_name, &listing, err)
                                 : fat_list(esp_of(guest), place.path, add_entry, &listing, err);

    lines_sort(names, before);
    return ok && listing.ok;
}

static const struct guest_root_ops native_ops = {
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
    .build_initramfs = initramfs_complete,
};

static struct ext4 *open_ext4(struct disk *disk, const struct partition_table *table,
                              enum partition_role role, struct error *err)
{
    const struct partition *partition = partition_by_role(table, role);

    if (partition == NULL || strcmp(partition->volume.type, "ext4") != 0) {
        error_set(err, COLDSEAL_UNSUPPORTED, "%s is no partition with ext4",
                  role == ROLE_ROOT ? "root" : "/boot");
        return NULL;
    }
    struct ext4 *ext4 = ext4_open_writable(disk, gpt_entry_offset(&table->gpt, &partition->entry),
                                           gpt_entry_length(&table->gpt, &partition->entry), err);
    if (ext4 == NULL)
        error_wrap(err, "partition %u", partition->entry.number);
    return ext4;
}

struct native_root *native_root_open(struct disk *disk, const struct partition_table *table,
                                     struct error *err)
{
    OWNED(native_root) native = calloc(1, sizeof(*native));
    const struct partition *esp = partition_by_role(table, ROLE_ESP);

    if (native == NULL)
        return error_no_memory(err), NULL;
    native->root.ops = &native_ops;
    if (esp == NULL)
        return error_set(err, COLDSEAL_UNSUPPORTED, "there is no EFI system partition"), NULL;
    native->main = open_ext4(disk, table, ROLE_ROOT, err);
    native->boot = native->main == NULL ? NULL : open_ext4(disk, table, ROLE_BOOT, err);
    if (native->boot == NULL)
        return NULL;
    native->esp = fat_open(disk, gpt_entry_offset(&table->gpt, &esp->entry),
                           gpt_entry_length(&table->gpt, &esp->entry), err);
    /* the mount points: of the ESP both in root and in what is mounted over that */
    if (native->esp == NULL || !ext4_make_folder(native->main, "/boot/efi", err) ||
        !ext4_make_folder(native->boot, "/efi", err))
        return NULL;
    return TAKE(native);
}

bool native_root_saw_all(const struct native_root *native, struct error *err)
{
    return native->failure.message[0] == '\0' ||
           error_set(err, COLDSEAL_UNSUPPORTED, "%s", native->failure.message);
}

bool native_root_finish(struct native_root *native, struct error *err)
{
    /* a unit that is not seen would not be masked */
    return native_root_saw_all(native, err) && ext4_commit(native->main, err) &&
           ext4_commit(native->boot, err);
}

void native_root_free(struct native_root *native)
{
    if (native == NULL)
        return;
    ext4_free(native->main);
    ext4_free(native->boot);
    fat_free(native->esp);
    free(native);
}
