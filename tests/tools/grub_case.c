/* SPDX-License-Identifier: Apache-2.0 */
#include "grub_case.h"

#include <stdio.h>
#include <string.h>

#include "core/hex.h"

#define FILE_LIMIT_BYTES ((size_t)8 << 20)

/* The operations' own state: the case's JSON, its folder, and digests.txt. */
struct recorded_files {
    char *folder;
    json_object *volumes;
    struct bytes *digests;
};

static void recorded_free(void *self)
{
    struct recorded_files *files = self;

    free(files->folder);
    bytes_free(files->digests);
    free(files);
}

/* The name that a path has in the case's folder and in digests.txt; NULL for no such file. */
static const char *name_of(struct recorded_files *files, size_t volume, const char *path)
{
    json_object *names;
    json_object *name;
    json_object *entry = json_object_array_get_idx(files->volumes, volume);

    if (!json_object_object_get_ex(entry, "files", &names) ||
        !json_object_object_get_ex(names, path, &name))
        return NULL;
    return json_object_get_string(name);
}

static bool is_folder(struct recorded_files *files, size_t volume, const char *path)
{
    json_object *names;
    size_t length = strlen(path);

    if (!json_object_object_get_ex(json_object_array_get_idx(files->volumes, volume), "files",
                                   &names))
        return false;
    json_object_object_foreach(names, name, value)
    {
        (void)value;
        if (strncmp(name, path, length) == 0 && (name[length] == '/' || length == 1))
            return true;
    }
    return false;
}

static bool recorded_lookup(void *self, size_t volume, const char *path, enum boot_file_kind *kind,
                            uint64_t *size_bytes, struct error *err)
{
    (void)err;
    *size_bytes = 1;
    *kind = BOOT_FILE_NONE;
    if (name_of(self, volume, path) != NULL)
        *kind = BOOT_FILE_REGULAR;
    else if (is_folder(self, volume, path))
        *kind = BOOT_FILE_DIRECTORY;
    return true;
}

static struct bytes *recorded_read(void *self, size_t volume, const char *path, size_t limit_bytes,
                                   struct error *err)
{
    struct recorded_files *files = self;
    const char *name = name_of(files, volume, path);
    OWNED_PTR(char) full = NULL;

    if (name == NULL || asprintf(&full, "%s/%s", files->folder, name) < 0) {
        error_set(err, COLDSEAL_BAD_IMAGE, "%s: no such file", path);
        return NULL;
    }
    return bytes_read_file(full, limit_bytes, err);
}

/* "NAME SHA-256 …", of several files "NAME+NAME": the SHA-256 bank only. */
static bool recorded_digest(void *self, const struct boot_file *parts, size_t count,
                            struct digest_set *digests, struct error *err)
{
    struct recorded_files *files = self;
    OWNED_PTR(char) text = strndup((const char *)files->digests->data, files->digests->size);
    char wanted[1024] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof(wanted); i++) {
        const char *name = name_of(files, parts[i].volume, parts[i].path);
        used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "%s%s", i > 0 ? "+" : "",
                                 name != NULL ? name : "/");
    }
    memset(digests, 0, sizeof(*digests));
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, wanted, used) == 0 && line[used] == ' ' &&
            hex_decode(line + used + 1, 64, digests->sha256))
            return true;
    }
    return error_set(err, COLDSEAL_BAD_IMAGE, "%s: no digest", parts[0].path);
}

/* Files only: no path of a case leads through a folder that somebody lists. */
static bool recorded_list(void *self, size_t volume, const char *path,
                          bool (*each)(void *context, const char *name), void *context,
                          struct error *err)
{
    struct recorded_files *files = self;
    size_t length = strlen(path);
    json_object *names;

    if (!json_object_object_get_ex(json_object_array_get_idx(files->volumes, volume), "files",
                                   &names))
        return error_set(err, COLDSEAL_BAD_IMAGE, "%s: no such folder", path);
    json_object_object_foreach(names, name, value)
    {
        (void)value;
        if (strncmp(name, path, length) == 0 && name[length] == '/' &&
            strchr(name + length + 1, '/') == NULL && !each(context, name + length + 1))
            break;
    }
    return true;
}

static const struct boot_files_operations recorded_operations = {
    .lookup = recorded_lookup,
    .read = recorded_read,
    .digest = recorded_digest,
    .list = recorded_list,
    .free = recorded_free,
};

static bool take_volume(json_object *json, struct boot_volume *volume, struct error *err)
{
    uint64_t partition;
    const char *uuid;
    const char *file_system;

    if (!json_get_u64(json, "partition", &partition, err) ||
        !json_get_string(json, "uuid", &uuid, err) ||
        !json_get_string(json, "file_system", &file_system, err))
        return false;
    volume->partition = (uint32_t)partition;
    snprintf(volume->uuid, sizeof(volume->uuid), "%s", uuid);
    volume->file_system = strcmp(file_system, "fat") == 0    ? "fat"
                          : strcmp(file_system, "ext2") == 0 ? "ext2"
                                                             : NULL;
    volume->is_esp = strcmp(file_system, "fat") == 0;
    return true;
}

static struct boot_files *read_files(const char *folder, json_object *volumes, struct error *err)
{
    struct boot_volume taken[16] = {0};
    size_t count = json_object_array_length(volumes);
    OWNED_PTR(char) path = NULL;

    if (count > 16 || asprintf(&path, "%s/digests.txt", folder) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!take_volume(json_object_array_get_idx(volumes, i), &taken[i], err))
            return NULL;
    }
    struct bytes *digests = bytes_read_file(path, FILE_LIMIT_BYTES, err);
    if (digests == NULL)
        return NULL;
    struct recorded_files *files = calloc(1, sizeof(*files));
    files->folder = strdup(folder);
    files->volumes = volumes;
    files->digests = digests;
    return boot_files_new(&recorded_operations, files, taken, count, err);
}

static bool take_modules(json_object *json, struct grub_build *build, struct error *err)
{
    json_object *modules;

    if (!json_get_array(json, "modules", &modules, err))
        return false;
    build->module_count = json_object_array_length(modules);
    build->modules = calloc(build->module_count + 1, sizeof(*build->modules));
    for (size_t i = 0; i < build->module_count; i++)
        build->modules[i] = strdup(json_object_get_string(json_object_array_get_idx(modules, i)));
    return true;
}

static bool take_memdisk(const char *folder, json_object *json, struct grub_build *build,
                         struct error *err)
{
    json_object *name;
    OWNED_PTR(char) path = NULL;

    if (!json_object_object_get_ex(json, "memdisk", &name))
        return true;
    if (json_object_get_string_len(name) == 0) /* one that is not read */
        return (build->memdisk = bytes_new(512, err)) != NULL;
    if (asprintf(&path, "%s/%s", folder, json_object_get_string(name)) < 0)
        return false;
    return (build->memdisk = bytes_read_file(path, FILE_LIMIT_BYTES, err)) != NULL;
}

static struct grub_build *build_from_json(const char *folder, json_object *json, struct error *err)
{
    OWNED(grub_build) build = calloc(1, sizeof(*build));
    json_object *config;
    const char *prefix;
    const char *version;
    const char *cpu;
    uint64_t linuxefi;

    if (!json_get_string(json, "prefix", &prefix, err) ||
        !json_get_string(json, "version", &version, err) ||
        !json_get_string(json, "cpu", &cpu, err) ||
        !json_get_bool(json, "tries_fw_path", &build->tries_fw_path, err) ||
        !json_get_bool(json, "refuses_modules", &build->refuses_modules, err) ||
        !json_get_bool(json, "verifies_on_open", &build->verifies_on_open, err) ||
        !json_get_bool(json, "linuxefi_verifies", &build->linuxefi_verifies, err) ||
        !json_get_bool(json, "starts_by_load_image", &build->starts_by_load_image, err) ||
        !json_get_bool(json, "fwsetup_asks", &build->fwsetup_asks, err) ||
        !json_get_u64(json, "linuxefi", &linuxefi, err) || !take_modules(json, build, err) ||
        !take_memdisk(folder, json, build, err))
        return NULL;
    build->prefix = strdup(prefix);
    build->version = strdup(version);
    build->cpu = strcmp(cpu, "x86_64") == 0 ? "x86_64" : "arm64";
    build->linuxefi = (__typeof__(build->linuxefi))linuxefi;
    if (json_object_object_get_ex(json, "embedded_config", &config))
        build->embedded_config = strdup(json_object_get_string(config));
    return TAKE(build);
}

json_object *grub_build_to_json(const struct grub_build *build, struct error *err)
{
    OWNED_JSON json = json_new_object(err);
    json_object *modules = json_new_array(err);

    for (size_t i = 0; i < build->module_count; i++)
        json_append(modules, json_object_new_string(build->modules[i]), err);
    json_add(json, "version", json_object_new_string(build->version == NULL ? "" : build->version),
             err);
    json_add(json, "cpu", json_object_new_string(build->cpu), err);
    json_add(json, "prefix", json_object_new_string(build->prefix), err);
    if (build->embedded_config != NULL)
        json_add(json, "embedded_config", json_object_new_string(build->embedded_config), err);
    if (build->memdisk != NULL)
        json_add(json, "memdisk", json_object_new_string(""), err);
    json_add(json, "tries_fw_path", json_object_new_boolean(build->tries_fw_path), err);
    json_add(json, "refuses_modules", json_object_new_boolean(build->refuses_modules), err);
    json_add(json, "verifies_on_open", json_object_new_boolean(build->verifies_on_open), err);
    json_add(json, "linuxefi_verifies", json_object_new_boolean(build->linuxefi_verifies), err);
    json_add(json, "linuxefi", json_object_new_int((int)build->linuxefi), err);
    json_add(json, "starts_by_load_image", json_object_new_boolean(build->starts_by_load_image),
             err);
    json_add(json, "fwsetup_asks", json_object_new_boolean(build->fwsetup_asks), err);
    json_add(json, "modules", modules, err);
    return TAKE(json);
}

static json_object *read_json(const char *folder, const char *name, struct error *err)
{
    OWNED_PTR(char) path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return NULL;
    OWNED(bytes) text = bytes_read_file(path, FILE_LIMIT_BYTES, err);
    return text == NULL ? NULL : json_parse((const char *)text->data, text->size, err);
}

static bool take_start(struct grub_case *recorded, struct error *err)
{
    uint64_t partition;
    struct grub_start *start = &recorded->start;

    if (!json_get_u64(recorded->json, "partition", &partition, err) ||
        !json_get_string(recorded->json, "directory", &start->directory, err) ||
        !json_get_bool(recorded->json, "secure_boot", &start->secure_boot, err))
        return false;
    start->disk = "hd0";
    for (start->volume = 0; start->volume < boot_files_count(recorded->files); start->volume++) {
        if (boot_files_volume(recorded->files, start->volume)->partition == partition)
            return true;
    }
    return error_set(err, COLDSEAL_BAD_IMAGE, "no volume %u", (unsigned)partition);
}

static bool read_case(const char *folder, struct grub_case *recorded, struct error *err)
{
    json_object *volumes;
    json_object *build;
    struct error ignored = {0};
    OWNED_PTR(char) log = NULL;

    recorded->json = read_json(folder, "case.json", err);
    if (recorded->json == NULL || !json_get_array(recorded->json, "volumes", &volumes, err))
        return false;
    if (json_object_object_get_ex(recorded->json, "build", &build)) {
        OWNED_JSON json = read_json(folder, json_object_get_string(build), err);
        recorded->build = json == NULL ? NULL : build_from_json(folder, json, err);
        if (recorded->build == NULL)
            return false;
    }
    recorded->files = read_files(folder, volumes, err);
    if (asprintf(&log, "%s/eventlog.bin", folder) > 0)
        recorded->eventlog = bytes_read_file(log, FILE_LIMIT_BYTES, &ignored);
    return recorded->files != NULL && take_start(recorded, err);
}

struct grub_case *grub_case_read(const char *folder, struct error *err)
{
    OWNED(grub_case) recorded = calloc(1, sizeof(*recorded));

    return read_case(folder, recorded, err) ? TAKE(recorded) : NULL;
}

void grub_case_free(struct grub_case *recorded)
{
    if (recorded == NULL)
        return;
    boot_files_free(recorded->files);
    grub_build_free(recorded->build);
    bytes_free(recorded->eventlog);
    json_object_put(recorded->json);
    free(recorded);
}
