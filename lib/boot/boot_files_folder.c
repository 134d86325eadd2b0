/* SPDX-License-Identifier: Apache-2.0 */
/* Boot files from a folder: a staged tree, or files taken out of an image. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "boot/boot_files.h"
#include "core/checked.h"
#include "core/json.h"

#define DESCRIPTION "volumes.json"
#define DESCRIPTION_LIMIT_BYTES ((size_t)1 << 20)
#define PIECE_BYTES ((size_t)256 << 10)
#define DEPTH_LIMIT 16

struct folder_volume {
    int root; /* -1: no files */
    bool is_fat;
};

struct folder_files {
    size_t count;
    struct folder_volume volumes[BOOT_VOLUME_LIMIT];
};

static void folder_files_free(void *self)
{
    struct folder_files *files = self;

    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++) {
        if (files->volumes[i].root >= 0)
            close(files->volumes[i].root);
    }
    free(files);
}

/* Links lead nowhere outside of `root`; a device or a pipe is not waited for. */
static int open_within(int root, const char *path)
{
    const struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static inline void dir_cleanup(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}
#define OWNED_DIR __attribute__((cleanup(dir_cleanup))) DIR

/* Writes the name that a directory has for `name`, compared without case; false for none. */
static bool find_name(int directory, const char *name, size_t length, char *out, size_t room)
{
    OWNED_FD fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OWNED_DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL)
        return false;
    fd = -1; /* closedir() closes it */
    while ((entry = readdir(dir)) != NULL) {
        if (strlen(entry->d_name) == length && strncasecmp(entry->d_name, name, length) == 0)
            return snprintf(out, room, "%s", entry->d_name) < (int)room;
    }
    return false;
}

/* As open_within, with the names of FAT. */
static int open_fat(int root, const char *path)
{
    OWNED_FD here = open_within(root, ".");
    char name[NAME_MAX + 1];

    for (unsigned depth = 0; here >= 0 && depth < DEPTH_LIMIT; depth++) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 0)
            return TAKE_FD(here);
        if (!find_name(here, path, length, name, sizeof(name)))
            return errno = ENOENT, -1;
        int next = open_within(here, name);
        close(here);
        here = next;
        path += length;
    }
    return -1;
}

static int open_path(const struct folder_files *files, size_t index, const char *path,
                     struct stat *st)
{
    const struct folder_volume *volume = &files->volumes[index];
    OWNED_FD fd = volume->is_fat ? open_fat(volume->root, path) : open_within(volume->root, path);

    if (fd < 0 || fstat(fd, st) != 0)
        return -1;
    return TAKE_FD(fd);
}

static bool folder_lookup(void *self, size_t index, const char *path, enum boot_file_kind *kind,
                          uint64_t *size_bytes, struct error *err)
{
    struct stat st;
    OWNED_FD fd = open_path(self, index, path, &st);

    *kind = BOOT_FILE_NONE;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
               error_errno(err, COLDSEAL_IO, "%s", path);
    if (S_ISREG(st.st_mode))
        *kind = BOOT_FILE_REGULAR;
    if (S_ISDIR(st.st_mode))
        *kind = BOOT_FILE_DIRECTORY;
    *size_bytes = (uint64_t)st.st_size;
    return true;
}

static int open_file(void *self, size_t index, const char *path, struct error *err)
{
    struct stat st;
    OWNED_FD fd = open_path(self, index, path, &st);

    if (fd < 0) {
        error_errno(err, errno == ENOENT ? COLDSEAL_BAD_IMAGE : COLDSEAL_IO, "%s", path);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(err, COLDSEAL_BAD_IMAGE, "%s: not a regular file", path);
        return -1;
    }
    return TAKE_FD(fd);
}

static struct bytes *folder_read(void *self, size_t index, const char *path, size_t limit_bytes,
                                 struct error *err)
{
    OWNED_FD fd = open_file(self, index, path, err);
    struct bytes *bytes = fd < 0 ? NULL : bytes_read_fd(fd, limit_bytes, err);

    if (fd >= 0 && bytes == NULL)
        error_wrap(err, "%s", path);
    return bytes;
}

static bool folder_feed(void *self, size_t index, const char *path,
                        struct digest_set_stream *stream, struct error *err)
{
    OWNED_FD fd = open_file(self, index, path, err);
    OWNED(bytes) piece = bytes_new(PIECE_BYTES, err);
    ssize_t got;

    if (fd < 0 || piece == NULL)
        return false;
    while ((got = read(fd, piece->data, piece->size)) > 0) {
        if (!digest_set_stream_update(stream, piece->data, (size_t)got, err))
            return false;
    }
    return got == 0 || error_errno(err, COLDSEAL_IO, "%s", path);
}

static bool folder_list(void *self, size_t index, const char *path,
                        bool (*each)(void *context, const char *name), void *context,
                        struct error *err)
{
    struct stat st;
    OWNED_FD fd = open_path(self, index, path, &st);
    OWNED_DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL)
        return error_errno(err, COLDSEAL_BAD_IMAGE, "%s", path);
    fd = -1; /* closedir() closes it */
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!each(context, entry->d_name))
            break;
    }
    return true;
}

static const struct boot_files_operations folder_operations = {
    .lookup = folder_lookup,
    .read = folder_read,
    .feed = folder_feed,
    .list = folder_list,
    .free = folder_files_free,
};

struct described_volume {
    uint64_t partition;
    const char *uuid;
    const char *label;
    const char *file_system;
    const char *partition_uuid;
    const char *folder;
    bool is_esp;
};

static bool read_description(json_object *json, struct described_volume *described,
                             struct error *err)
{
    return json_get_u64(json, "partition", &described->partition, err) &&
           json_get_string(json, "uuid", &described->uuid, err) &&
           json_get_string(json, "label", &described->label, err) &&
           json_get_string(json, "file_system", &described->file_system, err) &&
           json_get_string(json, "partition_uuid", &described->partition_uuid, err) &&
           json_get_string(json, "folder", &described->folder, err) &&
           json_get_bool(json, "esp", &described->is_esp, err);
}

static const char *known_file_system(const char *name)
{
    if (strcmp(name, "fat") == 0)
        return "fat";
    return strcmp(name, "ext2") == 0 ? "ext2" : NULL;
}

static bool take_volume(int folder, json_object *json, struct folder_volume *own,
                        struct boot_volume *volume, struct error *err)
{
    struct described_volume described;
    struct guid unique;

    if (!read_description(json, &described, err))
        return false;
    if (described.partition == 0 || described.partition > GPT_MAX_ENTRIES ||
        !guid_parse(described.partition_uuid, &unique))
        return error_set(err, COLDSEAL_BAD_IMAGE, "partition or partition_uuid is none");
    volume->partition = (uint32_t)described.partition;
    snprintf(volume->uuid, sizeof(volume->uuid), "%s", described.uuid);
    snprintf(volume->label, sizeof(volume->label), "%s", described.label);
    volume->file_system = known_file_system(described.file_system);
    guid_format(&unique, volume->partition_uuid);
    volume->is_esp = described.is_esp;
    if (volume->file_system == NULL)
        return true;
    own->is_fat = strcmp(volume->file_system, "fat") == 0;
    own->root = openat(folder, described.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return own->root >= 0 || error_errno(err, COLDSEAL_IO, "%s", described.folder);
}

static bool take_volumes(int folder, json_object *array, struct folder_files *files,
                         struct boot_volume *volumes, struct error *err)
{
    size_t count =
        json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

    if (count == 0 || count > BOOT_VOLUME_LIMIT)
        return error_set(err, COLDSEAL_BAD_IMAGE, "not an array of volumes");
    for (size_t i = 0; i < count; i++) {
        files->volumes[i].root = -1;
        files->count = i + 1;
        if (!take_volume(folder, json_object_array_get_idx(array, i), &files->volumes[i],
                         &volumes[i], err))
            return error_wrap(err, "volume %zu", i);
    }
    return true;
}

static json_object *read_volumes_json(int folder, struct error *err)
{
    OWNED_FD fd = openat(folder, DESCRIPTION, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        error_errno(err, COLDSEAL_IO, DESCRIPTION);
        return NULL;
    }
    OWNED(bytes) text = bytes_read_fd(fd, DESCRIPTION_LIMIT_BYTES, err);
    return text == NULL ? NULL : json_parse((const char *)text->data, text->size, err);
}

struct boot_files *boot_files_from_folder(const char *path, struct error *err)
{
    struct boot_volume volumes[BOOT_VOLUME_LIMIT] = {0};
    OWNED_FD folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0) {
        error_errno(err, COLDSEAL_IO, "open the folder");
        return NULL;
    }
    OWNED_JSON json = read_volumes_json(folder, err);
    if (json == NULL)
        return NULL;
    struct folder_files *files = calloc(1, sizeof(*files));
    if (files == NULL) {
        error_no_memory(err);
        return NULL;
    }
    if (!take_volumes(folder, json, files, volumes, err)) {
        error_wrap(err, DESCRIPTION);
        folder_files_free(files);
        return NULL;
    }
    return boot_files_new(&folder_operations, files, volumes, files->count, err);
}
