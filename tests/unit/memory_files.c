/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_files.h"

#include <string.h>
#include <strings.h>

struct memory {
    const struct memory_file *files;
    size_t count;
};

const struct grub_start memory_start = {
    .volume = MEMORY_ESP, .directory = "/EFI/BOOT", .disk = "hd0", .secure_boot = true};

static bool is_path(size_t volume, const char *known, const char *path, size_t length)
{
    return volume == MEMORY_ESP ? strncasecmp(known, path, length) == 0
                                : strncmp(known, path, length) == 0;
}

static const struct memory_file *find(const struct memory *memory, size_t volume, const char *path)
{
    for (size_t i = 0; i < memory->count; i++) {
        const struct memory_file *file = &memory->files[i];
        if (file->volume == volume && strlen(file->path) == strlen(path) &&
            is_path(volume, file->path, path, strlen(path)))
            return file;
    }
    return NULL;
}

static bool is_folder(const struct memory *memory, size_t volume, const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; i < memory->count; i++) {
        const struct memory_file *file = &memory->files[i];
        if (file->volume == volume && is_path(volume, file->path, path, length) &&
            (file->path[length] == '/' || length == 1))
            return true;
    }
    return false;
}

static bool memory_lookup(void *self, size_t volume, const char *path, enum boot_file_kind *kind,
                          uint64_t *size_bytes, struct error *err)
{
    const struct memory_file *file = find(self, volume, path);

    (void)err;
    *kind = BOOT_FILE_NONE;
    if (file != NULL) {
        *kind = BOOT_FILE_REGULAR;
        *size_bytes = file->size;
    } else if (is_folder(self, volume, path)) {
        *kind = BOOT_FILE_DIRECTORY;
    }
    return true;
}

static struct bytes *memory_read(void *self, size_t volume, const char *path, size_t limit_bytes,
                                 struct error *err)
{
    const struct memory_file *file = find(self, volume, path);

    if (file == NULL || file->size > limit_bytes) {
        error_set(err, COLDSEAL_BAD_IMAGE, "%s", path);
        return NULL;
    }
    return bytes_copy(file->data, file->size, err);
}

static bool memory_feed(void *self, size_t volume, const char *path,
                        struct digest_set_stream *stream, struct error *err)
{
    const struct memory_file *file = find(self, volume, path);

    return file != NULL ? digest_set_stream_update(stream, file->data, file->size, err)
                        : error_set(err, COLDSEAL_BAD_IMAGE, "%s", path);
}

/* The name in the folder `path` that leads to a file; NULL for one that is elsewhere. */
static char *name_below(const struct memory_file *file, size_t volume, const char *path)
{
    size_t length = strlen(path) + (strcmp(path, "/") != 0);

    if (file->volume != volume || strncmp(file->path, path, strlen(path)) != 0 ||
        strlen(file->path) <= length)
        return NULL;
    return strndup(file->path + length, strcspn(file->path + length, "/"));
}

static bool was_listed(const struct memory *memory, size_t index, size_t volume, const char *path,
                       const char *name)
{
    bool listed = false;

    for (size_t i = 0; i < index && !listed; i++) {
        char *before = name_below(&memory->files[i], volume, path);
        listed = before != NULL && strcmp(before, name) == 0;
        free(before);
    }
    return listed;
}

static bool memory_list(void *self, size_t volume, const char *path,
                        bool (*each)(void *context, const char *name), void *context,
                        struct error *err)
{
    const struct memory *memory = self;
    bool goes_on = true;

    (void)err;
    for (size_t i = 0; i < memory->count && goes_on; i++) {
        char *name = name_below(&memory->files[i], volume, path);
        if (name != NULL && !was_listed(memory, i, volume, path, name))
            goes_on = each(context, name);
        free(name);
    }
    return true;
}

static void memory_free(void *self)
{
    free(self);
}

static const struct boot_files_operations memory_operations = {
    .lookup = memory_lookup,
    .read = memory_read,
    .feed = memory_feed,
    .list = memory_list,
    .free = memory_free,
};

struct boot_files *memory_files(const struct memory_file *files, size_t count, struct error *err)
{
    static const struct boot_volume volumes[MEMORY_VOLUMES] = {
        {.partition = 1,
         .uuid = MEMORY_ROOT_UUID,
         .label = "cloudimg-rootfs",
         .file_system = "ext2"},
        {.partition = 15,
         .uuid = MEMORY_ESP_UUID,
         .label = "UEFI",
         .file_system = "fat",
         .is_esp = true},
        {.partition = 16, .uuid = MEMORY_BOOT_UUID, .label = "BOOT", .file_system = "ext2"},
    };
    struct memory *memory = calloc(1, sizeof(*memory));

    if (memory == NULL)
        abort();
    memory->files = files;
    memory->count = count;
    return boot_files_new(&memory_operations, memory, volumes, MEMORY_VOLUMES, err);
}

struct grub_build *memory_build(void)
{
    static const char *const modules[] = {
        "normal",         "test",           "true",         "echo",       "configfile", "search",
        "search_fs_uuid", "search_fs_file", "search_label", "loadenv",    "linux",      "chain",
        "boot",           "halt",           "minicmd",      "font",       "terminal",   "gettext",
        "sleep",          "regexp",         "eval",         "efifwsetup", "gzio",       "part_gpt",
        "ext2",           "probe",          "smbios"};
    struct grub_build *build = calloc(1, sizeof(*build));

    if (build == NULL)
        abort();
    build->prefix = strdup("/EFI/ubuntu");
    build->cpu = "x86_64";
    build->module_count = sizeof(modules) / sizeof(modules[0]);
    build->modules = calloc(build->module_count, sizeof(*build->modules));
    for (size_t i = 0; i < build->module_count; i++)
        build->modules[i] = strdup(modules[i]);
    return build;
}
